#include "ai/json_string.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>

#include "base/json_text.hpp"

namespace weir::ai {
namespace {

constexpr std::uint32_t kReplacement = 0xFFFD;

void append_utf8(std::string& out, std::uint32_t code) {
    const auto tail = [](std::uint32_t bits) { return static_cast<char>(0x80 | (bits & 0x3F)); };
    if (code < 0x80) {
        out.push_back(static_cast<char>(code));
    } else if (code < 0x800) {
        out.append({static_cast<char>(0xC0 | code >> 6), tail(code)});
    } else if (code < 0x1'0000) {
        out.append({static_cast<char>(0xE0 | code >> 12), tail(code >> 6), tail(code)});
    } else {
        out.append({static_cast<char>(0xF0 | code >> 18), tail(code >> 12), tail(code >> 6), tail(code)});
    }
}

// The four hex digits after `\u`.
std::optional<std::uint32_t> read_unit(std::string_view digits) {
    if (digits.size() < 4) return std::nullopt;
    std::uint32_t unit = 0;
    const char* end = digits.data() + 4;
    if (std::from_chars(digits.data(), end, unit, 16).ptr != end) return std::nullopt;
    return unit;
}

bool is_high(std::uint32_t unit) { return unit >= 0xD800 && unit < 0xDC00; }
bool is_low(std::uint32_t unit) { return unit >= 0xDC00 && unit < 0xE000; }

// `rest` begins at the `u` after the backslash; takes the escape, and the second half of a surrogate pair.
bool take_unicode(std::string_view& rest, std::string& out) {
    const auto unit = read_unit(rest.substr(1));
    if (!unit) return false;
    rest.remove_prefix(5);
    std::uint32_t code = is_high(*unit) || is_low(*unit) ? kReplacement : *unit;
    if (is_high(*unit) && rest.starts_with("\\u")) {
        const auto low = read_unit(rest.substr(2));
        if (low && is_low(*low)) {
            code = 0x1'0000 + ((*unit - 0xD800) << 10) + (*low - 0xDC00);
            rest.remove_prefix(6);
        }
    }
    append_utf8(out, code);
    return true;
}

bool take_escape(std::string_view& rest, std::string& out) {
    constexpr std::string_view kLetters = "\"\\/bfnrt";
    constexpr std::string_view kMeanings = "\"\\/\b\f\n\r\t";
    if (rest.empty()) return false;
    if (rest.front() == 'u') return take_unicode(rest, out);
    const std::size_t letter = kLetters.find(rest.front());
    if (letter == std::string_view::npos) return false;
    out.push_back(kMeanings[letter]);
    rest.remove_prefix(1);
    return true;
}

// The length of the escape at the start of `text`, both halves of a surrogate pair included; 0 when it is malformed.
std::size_t escape_length(std::string_view text) {
    constexpr std::string_view kLetters = "\"\\/bfnrt";
    if (text.size() < 2) return 0;
    if (text[1] != 'u') return kLetters.find(text[1]) != std::string_view::npos ? 2 : 0;
    const auto unit = read_unit(text.substr(2));
    if (!unit || is_low(*unit)) return 0;
    if (!is_high(*unit)) return 6;
    if (!text.substr(6).starts_with("\\u")) return 0;
    const auto low = read_unit(text.substr(8));
    return low && is_low(*low) ? 12 : 0;
}

}  // namespace

std::optional<std::string> unescape_json(std::string_view written) {
    std::string out;
    out.reserve(written.size());
    while (!written.empty()) {
        const std::size_t plain = std::min(written.find('\\'), written.size());
        out.append(written.substr(0, plain));
        written.remove_prefix(plain);
        if (written.empty()) break;
        written.remove_prefix(1);
        if (!take_escape(written, out)) return std::nullopt;
    }
    return out;
}

bool is_exact_json(std::string_view written) {
    while (!written.empty()) {
        const auto c = static_cast<unsigned char>(written.front());
        if (c < 0x20) return false;
        std::size_t length = c < 0x80 ? 1 : utf8_length(written);
        if (c == '\\') length = escape_length(written);
        if (length == 0) return false;
        written.remove_prefix(length);
    }
    return true;
}

bool json_says(std::string_view written, std::string_view plain) {
    if (written.find('\\') == std::string_view::npos) return written == plain;
    const auto said = unescape_json(written);
    return said && *said == plain;
}

}  // namespace weir::ai
