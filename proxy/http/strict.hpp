#pragma once
// The grammar's outer shape: where a head ends, what its lines are, and what may stand in them. Stricter than RFC 9112
// wherever leniency is a gateway's hole.

#include <cstdint>
#include <optional>
#include <string_view>

#include "http/head.hpp"

namespace weir::http {

// What the lines of a head look like, before anybody asks what they mean.
struct HeadLines {
    std::string_view start;        // the request line or the status line
    bool malformed_field = false;  // one is not `token: value`
    bool too_many_fields = false;  // for the table
};

// Reads a head up to its end (the byte after its empty line) in one pass, holding every line to the grammar's outer
// shape: CRLF ends, no control characters, no line that continues another. Counts lines and bytes against the limits as
// they come, so that a head that is too large is refused before it is held. `consumed` is where the head ends; `fields`
// are those of the lines so far.
[[nodiscard]] ParseResult scan_head(std::string_view bytes, const HeadLimits& limits, bool is_request, HeadLines& lines,
                                    FieldTable& fields);

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
