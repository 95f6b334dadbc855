#include "http/path.hpp"

#include <algorithm>
#include <cstdint>

#include "base/ascii.hpp"
#include "base/hex.hpp"
#include "base/sixteen_bytes.hpp"

namespace weir::http {
namespace {

bool is_unreserved(unsigned char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '.' ||
           c == '_' || c == '~';
}

// Overlong forms of ASCII, and what is beyond Unicode: lenient decoders make a slash of `%c0%af`.
bool is_never_utf8(unsigned char c) { return c == 0xC0 || c == 0xC1 || c >= 0xF5; }

// What is wrong with an escape of `c`; empty: nothing.
std::string_view fault_of_escape(unsigned char c) {
    if (c == '/' || c == '\\') return "the path has an escaped slash";
    if (c < 0x20 || c == 0x7F) return "the path has an escaped control character";
    return is_never_utf8(c) ? "the path is not in UTF-8" : std::string_view{};
}

std::string_view decode(std::string_view path, std::string& out) {
    constexpr std::string_view kDigits = "0123456789ABCDEF";
    for (std::size_t i = 0; i < path.size(); ++i) {
        if (path[i] != '%') {
            out.push_back(path[i]);
            continue;
        }
        const int high = i + 1 < path.size() ? hex_value(path[i + 1]) : -1;
        const int low = i + 2 < path.size() ? hex_value(path[i + 2]) : -1;
        if (high < 0 || low < 0) return "the path has a malformed escape";
        const auto c = static_cast<unsigned char>(high << 4 | low);
        if (const std::string_view fault = fault_of_escape(c); !fault.empty()) return fault;
        if (is_unreserved(c)) {
            out.push_back(static_cast<char>(c));
        } else {
            out.push_back('%');
            out.push_back(kDigits[c >> 4]);
            out.push_back(kDigits[c & 0x0F]);
        }
        i += 2;
    }
    return {};
}

std::string_view fault_of_segments(std::string_view path) {
    std::string_view rest = path.substr(1);
    while (!rest.empty()) {
        const std::size_t slash = rest.find('/');
        const std::string_view segment = rest.substr(0, slash);
        if (segment.empty()) return "the path has an empty segment ('//')";
        if (segment == "." || segment == "..") return "the path has a dot segment";
        if (slash == std::string_view::npos) break;
        rest.remove_prefix(slash + 1);
    }
    return {};
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

std::string_view normalize_target(std::string_view& target, std::string& room) {
    const std::string_view path = target.substr(0, target.find('?'));
    if (!path.starts_with('/')) return {};
    room.clear();
    if (const std::string_view fault = decode(path, room); !fault.empty()) return fault;
    if (const std::string_view fault = fault_of_segments(room); !fault.empty()) return fault;
    if (room == path) return {};  // it was in its normal form
    room.append(target.substr(path.size()));
    target = room;
    return {};
}

std::string_view compared_path(std::string_view path, std::string& room) {
    if (path.find(';') != std::string_view::npos || path.find('%') != std::string_view::npos) {
        room.clear();
        while (!path.empty()) {
            const std::size_t end = std::min(path.find('/', 1), path.size());
            const std::string_view segment = path.substr(0, end);
            room.append(segment.substr(0, std::min(segment.find(';'), segment.find("%3B"))));
            path.remove_prefix(end);
        }
        path = room;
    }
    if (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
    return path;
}

}  // namespace weir::http
