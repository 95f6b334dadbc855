#pragma once
// The one normal form of a request's path (RFC 3986 section 6.2.2): rules, API detection and the backend all use the
// same bytes.
//
// Needless escapes are undone (`%61` becomes `a`), others get upper-case digits. Paths that servers interpret
// differently have no form that means the same to all of them, and are refused: dot segments, empty segments, escaped
// slashes, backslashes and control characters, and bytes that are not valid UTF-8.

#include <string>
#include <string_view>

namespace weir::http {

// A path that needs none of the treatment below: no escapes, parameters, capitals, empty or dot segments. Nearly every
// path is one, and is scanned once.
[[nodiscard]] bool is_usual_path(std::string_view path);

// Escapes and parameters cost many times what other bytes do: in longer paths they are refused.
inline constexpr std::size_t kLongestOddPath = 2048;

// Normalises an origin-form target, except its query. `target` becomes a view of its former bytes, or of `buffer` if it
// had to be rewritten. Returns why that is impossible, as a clause in static storage; empty on success.
[[nodiscard]] std::string_view normalize_target(std::string_view& target, std::string& buffer);

// The path without what servers ignore in comparisons: parameters of a segment (`;x`, escaped or not; RFC 3986 section
// 3.3) and a trailing slash. A view of `path` or of `buffer`. REQUIRES: a path in normal form, or one that is taken as
// written.
[[nodiscard]] std::string_view compared_path(std::string_view path, std::string& buffer);

}  // namespace weir::http
