#pragma once
// The outer shape of the grammar: where a head ends, what its lines are, and which characters they may contain.
// Stricter than RFC 9112 wherever leniency would be a security hole in a gateway.

#include <cstdint>
#include <optional>
#include <string_view>

#include "http/head.hpp"

namespace weir::http {

// The lines of a head, before their meaning is considered.
struct HeadLines {
    std::string_view start;        // the request line or the status line
    bool malformed_field = false;  // a field line is not `token: value`
    bool too_many_fields = false;  // more than the table holds
};

// Reads a head up to its end (the byte after its empty line) in one pass, and holds every line to the grammar's outer
// shape: CRLF ends, no control characters, no continuation lines. Checks lines and bytes against the limits as they
// come, so that a head that is too large is refused before it is held. `consumed` is where the head ends; `fields` are
// those of the lines so far.
[[nodiscard]] ParseResult scan_head(std::string_view bytes, const HeadLimits& limits, bool is_request, HeadLines& lines,
                                    FieldTable& fields);

// A target in origin-form, absolute-form (http, https) or `*` for OPTIONS. Splits off the authority.
struct Target {
    std::string_view authority;
    std::string_view target;
};
[[nodiscard]] std::optional<Target> split_target(std::string_view method, std::string_view target);

// An RFC 3986 host with an optional port, nothing else: no userinfo, no path, no spaces.
[[nodiscard]] bool is_valid_authority(std::string_view authority);

// 1*DIGIT without sign, spaces or overflow (RFC 9112 section 6.3); a list is not a length.
[[nodiscard]] std::optional<std::uint64_t> parse_length(std::string_view digits);

// Whether a character is forbidden in every line of HTTP: all control characters but TAB.
[[nodiscard]] constexpr bool is_control(char c) {
    return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7F;
}

[[nodiscard]] bool is_token(std::string_view text);

}  // namespace weir::http
