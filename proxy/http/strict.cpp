#include "http/strict.hpp"

#include <array>
#include <charconv>
#include <cstring>

#include "base/sixteen_bytes.hpp"

namespace weir::http {
namespace {

// Letters, digits and `marks`.
constexpr std::array<bool, 256> alphanumeric_and(std::string_view marks) {
    std::array<bool, 256> table{};
    for (unsigned char c = '0'; c <= '9'; ++c) table[c] = true;
    for (unsigned char c = 'a'; c <= 'z'; ++c) table[c] = true;
    for (unsigned char c = 'A'; c <= 'Z'; ++c) table[c] = true;
    for (const char c : marks) table[static_cast<unsigned char>(c)] = true;
    return table;
}

constexpr auto kTokenChars = alphanumeric_and("!#$%&'*+-.^_`|~");
constexpr auto kUnreservedChars = alphanumeric_and("-._~");

// Characters allowed in a target: visible ASCII without `#` (a fragment is never sent), `<`, `>`, `"` and `\`. RFC
// 3986's grammar also excludes `^`, `` ` ``, `{`, `|` and `}`, but real clients send them, and no two parsers disagree
// about them.
constexpr auto kTargetChars = [] {
    std::array<bool, 256> table{};
    for (unsigned char c = 0x21; c < 0x7F; ++c) table[c] = true;
    for (const char c : std::string_view("#\"<>\\")) table[static_cast<unsigned char>(c)] = false;
    return table;
}();

// The number of leading characters of `text` that are in the table.
std::size_t count_leading(const std::array<bool, 256>& table, std::string_view text) {
    std::size_t count = 0;
    while (count < text.size() && table[static_cast<unsigned char>(text[count])]) ++count;
    return count;
}

// The number of leading token characters of `text`. Nearly all are letters, digits and `-`, which are tested sixteen at
// a time.
std::size_t count_token(std::string_view text) {
    std::size_t at = 0;
    for (; at + 16 <= text.size(); at += 16) {
        const SixteenBytes bytes = load_sixteen(text.data() + at);
        const SixteenBytes caseless = bytes | 0x20;
        const auto common = (caseless - 'a' < 26) | (bytes - '0' < 10) | (bytes == '-');
        const std::size_t first = first_marked(~common);
        if (first == 16) continue;
        at += first;
        if (text[at] == ':') return at;
        break;
    }
    return at + count_leading(kTokenChars, text.substr(at));
}

// The position of the first control character at or after `at`; the size when there is none. Sixteen bytes at a time: a
// cheap test finds candidates, which are then checked.
std::size_t find_control(std::string_view bytes, std::size_t at) {
    while (at + 16 <= bytes.size()) {
        const SixteenBytes sixteen = load_sixteen(bytes.data() + at);
        const std::size_t first = first_marked((sixteen < 0x20) | (sixteen == 0x7F));
        at += first;
        if (first == 16) continue;
        if (is_control(bytes[at])) return at;
        ++at;
    }
    while (at < bytes.size() && !is_control(bytes[at])) ++at;
    return at;
}

ParseResult refuse(Reason reason, std::string_view detail) { return {ParseStatus::refused, 0, reason, detail}; }

// Checks the limits for a head of which `size` bytes have come, the last `line` of them in an unfinished line.
ParseResult check_unfinished(std::size_t line, bool first_line, std::size_t size, const HeadLimits& limits) {
    if (first_line && line > limits.target + 64) return refuse(Reason::target_too_long, "the request line is too long");
    if (size >= limits.bytes) return refuse(Reason::head_too_large, "the head is larger than the limit");
    return {ParseStatus::need_more, 0, Reason::bad_request, {}};
}

// RFC 9112 section 5.1: nothing may stand between a name and its colon.
void add_field(std::string_view line, std::size_t colon, HeadLines& lines, FieldTable& fields) {
    if (colon == 0 || colon == line.size() || line[colon] != ':') {
        lines.malformed_field = true;
        return;
    }
    const std::string_view name = line.substr(0, colon);
    lines.too_many_fields |= !fields.add({name, trim(line.substr(colon + 1)), identify(name)});
}

}  // namespace

ParseResult scan_head(std::string_view bytes, const HeadLimits& limits, bool is_request, HeadLines& lines,
                      FieldTable& fields) {
    lines = {};
    fields.clear();
    std::size_t at = 0;
    // RFC 9112 section 2.2: an empty line before a request is left over from a client that miscounts.
    for (int i = 0; is_request && i < 2 && bytes.substr(at).starts_with("\r\n"); ++i) at += 2;
    for (std::size_t count = 0;; ++count) {
        // A token contains no control character: in a field line, the search begins after the name.
        const std::size_t name = count == 0 ? 0 : count_token(bytes.substr(at));
        const std::size_t end = find_control(bytes, at + name);
        // An unfinished line may be completed later, and so may a CR at the end of the bytes.
        const bool unfinished = end == bytes.size() || (bytes[end] == '\r' && end + 1 == bytes.size());
        if (unfinished) return check_unfinished(end - at, count == 0, bytes.size(), limits);
        if (bytes[end] == '\n') return refuse(Reason::bad_request, "a line of the head does not end in CRLF");
        if (bytes[end] != '\r' || bytes[end + 1] != '\n')
            return refuse(Reason::bad_request, "a control character in the head");
        const std::string_view line = bytes.substr(at, end - at);
        at = end + 2;
        if (at > limits.bytes) return refuse(Reason::head_too_large, "the head is larger than the limit");
        if (line.empty()) {
            if (count == 0) return refuse(Reason::bad_request, "the head begins with empty lines");
            return {ParseStatus::complete, at, Reason::bad_request, {}};
        }
        if (line.front() == ' ' || line.front() == '\t')
            return refuse(Reason::bad_request, "a line of the head begins with a space");
        if (count == 0 && is_request && line.size() > limits.target + 64) {
            return refuse(Reason::target_too_long, "the request line is too long");
        }
        if (count == 0) {
            lines.start = line;
        } else {
            add_field(line, name, lines, fields);
        }
        if (count > limits.fields) return refuse(Reason::head_too_large, "the head has more fields than the limit");
    }
}

bool is_token(std::string_view text) { return !text.empty() && count_token(text) == text.size(); }

std::optional<Target> split_target(std::string_view method, std::string_view target) {
    if (target.empty() || method == "CONNECT") return std::nullopt;
    if (count_leading(kTargetChars, target) < target.size()) return std::nullopt;
    if (target.front() == '/') return Target{{}, target};
    if (target == "*") return method == "OPTIONS" ? std::optional(Target{{}, target}) : std::nullopt;
    for (const std::string_view scheme : {"http://", "https://"}) {
        if (target.size() < scheme.size() || !equals_ignoring_case(target.substr(0, scheme.size()), scheme)) continue;
        const std::string_view rest = target.substr(scheme.size());
        const std::size_t path = rest.find_first_of("/?");
        const std::string_view authority = rest.substr(0, path);
        if (authority.empty() || !is_valid_authority(authority)) return std::nullopt;
        // `http://host` and `http://host?query` have no path to send; in practice only probers write these.
        if (path == std::string_view::npos) return Target{authority, "/"};
        if (rest[path] == '?') return std::nullopt;
        return Target{authority, rest.substr(path)};
    }
    return std::nullopt;
}

bool is_valid_authority(std::string_view authority) {
    if (authority.empty() || authority.size() > 255) return false;
    std::size_t host_end = authority.size();
    if (authority.front() == '[') {
        const std::size_t close = authority.find(']');
        if (close == std::string_view::npos) return false;
        for (const char c : authority.substr(1, close - 1)) {
            if (!std::strchr("0123456789abcdefABCDEF:.", c) || c == '\0') return false;
        }
        host_end = close + 1;
        if (host_end < authority.size() && authority[host_end] != ':') return false;
    } else {
        host_end = std::min(authority.find(':'), authority.size());
        if (host_end == 0) return false;
        if (count_leading(kUnreservedChars, authority.substr(0, host_end)) < host_end) return false;
    }
    if (host_end == authority.size()) return true;
    const auto port = parse_length(authority.substr(host_end + 1));
    return port && *port <= 65535;
}

std::optional<std::uint64_t> parse_length(std::string_view digits) {
    std::uint64_t value = 0;
    // from_chars accepts no sign for unsigned types, no spaces and no prefix, and reports overflow.
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (digits.empty() || error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
    return value;
}

}  // namespace weir::http
