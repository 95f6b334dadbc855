#include "http/path.hpp"

#include <array>
#include <cstddef>
#include <cstdint>

#include "base/ascii.hpp"
#include "base/hex.hpp"
#include "base/sixteen_bytes.hpp"

namespace weir::http {
namespace {

// What an escaped byte stands for. Kept cheap, as a client may send thousands of them.
enum class Escaped : std::uint8_t {
    other,       // stays escaped
    unreserved,  // equivalent to its unescaped form (RFC 3986 section 2.3)
    slash,
    control,
    not_utf8,  // overlong ASCII and values beyond Unicode: lenient decoders read `%c0%af` as a slash
};

constexpr auto kEscaped = [] {
    std::array<Escaped, 256> kinds{};
    for (std::size_t c = 0; c < kinds.size(); ++c) {
        const auto letter = static_cast<char>(c | 0x20);
        if ((letter >= 'a' && letter <= 'z' && c < 0x80 && c >= 'A') || (c >= '0' && c <= '9') || c == '-' ||
            c == '.' || c == '_' || c == '~') {
            kinds[c] = Escaped::unreserved;
        }
        if (c == '/' || c == '\\') kinds[c] = Escaped::slash;
        if (c < 0x20 || c == 0x7F) kinds[c] = Escaped::control;
        if (c == 0xC0 || c == 0xC1 || c >= 0xF5) kinds[c] = Escaped::not_utf8;
    }
    return kinds;
}();

constexpr auto kHexValues = [] {
    std::array<std::int8_t, 256> values{};
    for (std::size_t c = 0; c < values.size(); ++c)
        values[c] = static_cast<std::int8_t>(hex_value(static_cast<char>(c)));
    return values;
}();

int hex_at(std::string_view text, std::size_t at) {
    return at < text.size() ? kHexValues[static_cast<unsigned char>(text[at])] : -1;
}

std::string_view decode(std::string_view path, std::string& out) {
    constexpr std::string_view kDigits = "0123456789ABCDEF";
    out.resize(path.size());
    char* to = out.data();
    for (std::size_t i = 0; i < path.size(); ++i) {
        if (path[i] != '%') {
            *to++ = path[i];
            continue;
        }
        const int high = hex_at(path, i + 1);
        const int low = hex_at(path, i + 2);
        if (high < 0 || low < 0) return "the path has a malformed escape";
        const auto c = static_cast<unsigned char>(high << 4 | low);
        switch (kEscaped[c]) {
            case Escaped::slash: return "the path has an escaped slash";
            case Escaped::control: return "the path has an escaped control character";
            case Escaped::not_utf8: return "the path is not in UTF-8";
            case Escaped::unreserved: *to++ = static_cast<char>(c); break;
            case Escaped::other:
                *to++ = '%';
                *to++ = kDigits[c >> 4];
                *to++ = kDigits[c & 0x0F];
        }
        i += 2;
    }
    out.resize(static_cast<std::size_t>(to - out.data()));
    return {};
}

std::string_view fault_of_segments(std::string_view path) {
    std::size_t dots = 0;    // of the segment
    std::size_t length = 0;  // of the segment
    for (const char c : path.substr(1)) {
        if (c != '/') {
            ++length;
            dots += c == '.' ? 1 : 0;
            continue;
        }
        if (length == 0) return "the path has an empty segment ('//')";
        if (length <= 2 && dots == length) return "the path has a dot segment";
        dots = length = 0;
    }
    return length > 0 && length <= 2 && dots == length ? "the path has a dot segment" : std::string_view{};
}

// The part of each segment before its parameters (RFC 3986 section 3.3).
std::string without_parameters(std::string_view path) {
    std::string out(path.size(), '\0');
    char* to = out.data();
    bool in_parameters = false;
    for (std::size_t i = 0; i < path.size(); ++i) {
        const char c = path[i];
        in_parameters = c != '/' && (in_parameters || c == ';' || (c == '%' && path.substr(i, 3) == "%3B"));
        if (!in_parameters) *to++ = c;
    }
    out.resize(static_cast<std::size_t>(to - out.data()));
    return out;
}

}  // namespace

bool is_usual_path(std::string_view path) {
    if (!path.starts_with('/')) return false;
    std::size_t at = 0;
    for (; path.size() - at > 16; at += 16) {
        const SixteenBytes bytes = load_sixteen(path.data() + at);
        const SixteenBytes next = load_sixteen(path.data() + at + 1);
        const auto odd = (bytes == '%') | (bytes == ';') | ((bytes >= 'A') & (bytes <= 'Z'));
        const auto empty_or_dot = (bytes == '/') & ((next == '/') | (next == '.'));
        if (first_marked(odd | empty_or_dot) < 16) return false;
    }
    for (; at < path.size(); ++at) {
        const char c = path[at];
        const char next = at + 1 < path.size() ? path[at + 1] : '\0';
        if (c == '%' || c == ';' || is_capital(c) || (c == '/' && (next == '/' || next == '.'))) return false;
    }
    return true;
}

std::string_view normalize_target(std::string_view& target, std::string& buffer) {
    const std::string_view path = target.substr(0, target.find('?'));
    if (!path.starts_with('/')) return {};
    if (path.size() > kLongestOddPath && (path.find('%') < path.size() || path.find(';') < path.size())) {
        return "the path is longer than 2 KiB, and has escapes or parameters";
    }
    buffer.clear();
    if (const std::string_view fault = decode(path, buffer); !fault.empty()) return fault;
    if (const std::string_view fault = fault_of_segments(buffer); !fault.empty()) return fault;
    if (buffer == path) return {};  // it was in its normal form
    buffer.append(target.substr(path.size()));
    target = buffer;
    return {};
}

std::string_view compared_path(std::string_view path, std::string& buffer) {
    if (path.find(';') != std::string_view::npos || path.find('%') != std::string_view::npos) {
        buffer = without_parameters(path);
        path = buffer;
    }
    if (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
    return path;
}

}  // namespace weir::http
