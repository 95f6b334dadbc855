#pragma once
// The one normal form of a request's path (RFC 3986 section 6.2.2): what a rule matches, what tells the call of an API
// and what the backend is sent are the same bytes.
//
// Escapes of characters that need none are undone (`%61` is `a`), others are written with capitals. What servers take
// in different ways is refused, as no form of it is the one that all of them mean: dot segments, empty segments,
// escaped slashes, backslashes and control characters, and bytes that no UTF-8 has.

#include <string>
#include <string_view>

namespace weir::http {

// A path of which nothing has to be asked that is asked below: no escapes, parameters, capitals, empty or dot segments.
// Nearly every path is, and is looked at once.
[[nodiscard]] bool is_usual_path(std::string_view path);

// Escapes and parameters cost many times what other bytes do: of longer paths none are taken apart.
inline constexpr std::size_t kLongestOddPath = 2048;

// Puts the normal form of an origin-form target, its query as it is, into `target`: a view of what it was, or of `room`
// where it had to be written anew. Why there is none, a clause in static storage; empty: there is.
[[nodiscard]] std::string_view normalize_target(std::string_view& target, std::string& room);

// The path without what servers leave out when they compare: parameters of a segment (`;x`, escaped or not; RFC 3986
// section 3.3), and a slash at the end. A view of `path`, or of `room`. REQUIRES: a path in normal form, or one that is
// taken as it is written.
[[nodiscard]] std::string_view compared_path(std::string_view path, std::string& room);

}  // namespace weir::http
