#pragma once
// The checks that stand before and behind Beast's parser, which is lenient in ways that a gateway must not be.

#include <cstdint>
#include <optional>
#include <string_view>

#include "http/head.hpp"

namespace weir::http {

// Finds the end of a head (the byte after its empty line), holding every line to the grammar's outer shape: CRLF ends,
// no control characters, no line that continues another. Counts lines and bytes against the limits as they come, so
// that a head that is too large is refused before it is held. `consumed` is where the head ends.
[[nodiscard]] ParseResult scan_head(std::string_view bytes, const HeadLimits& limits, bool is_request);

// A target in origin-form, absolute-form (http, https) or `*` for OPTIONS. Splits off the authority.
struct Target {
    std::string_view authority;
    std::string_view target;
};
[[nodiscard]] std::optional<Target> split_target(std::string_view method, std::string_view target);

// RFC 3986 host with an optional port, nothing else: no userinfo, no path, no spaces.
[[nodiscard]] bool is_valid_authority(std::string_view authority);

// 1*DIGIT without sign, spaces or overflow (RFC 9112 section 6.3); a list is not a length.
[[nodiscard]] std::optional<std::uint64_t> parse_length(std::string_view digits);

// Whether it may stand in no line of HTTP: every control character but TAB.
[[nodiscard]] constexpr bool is_control(char c) {
    return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7F;
}

[[nodiscard]] bool is_token(std::string_view text);

}  // namespace weir::http
