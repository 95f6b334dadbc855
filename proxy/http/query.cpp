#include "http/query.hpp"

#include <algorithm>

#include "base/ascii.hpp"
#include "base/hex.hpp"

namespace weir::http {
namespace {

std::string decoded(std::string_view written) {
    std::string text;
    text.reserve(written.size());
    for (std::size_t at = 0; at < written.size(); ++at) {
        const bool is_escape = written[at] == '%' && written.size() - at > 2;
        const int high = is_escape ? hex_value(written[at + 1]) : -1;
        const int low = is_escape ? hex_value(written[at + 2]) : -1;
        if (high >= 0 && low >= 0) {
            text.push_back(static_cast<char>(high * 16 + low));
            at += 2;
        } else {
            text.push_back(written[at] == '+' ? ' ' : written[at]);
        }
    }
    return text;
}

std::string encoded(std::string_view text) {
    constexpr std::string_view kPlain = "-._~/:";
    std::string written;
    for (const char c : text) {
        if (is_letter_or_digit(c) || kPlain.find(c) != std::string_view::npos) {
            written.push_back(c);
        } else {
            written.append(1, '%').append(kHexPairs.data() + 2 * static_cast<unsigned char>(c), 2);
        }
    }
    return written;
}

}  // namespace

void rename_in_query(std::string_view name, std::span<const std::pair<std::string, std::string>> names,
                     std::string& head) {
    std::size_t end = head.find(' ', head.find(' ') + 1);
    std::size_t at = head.find('?');
    while (at < end && end != std::string::npos) {
        ++at;  // after the question mark, or an ampersand
        const std::size_t stop = std::min(head.find('&', at), end);
        const std::size_t value = std::min(head.find('=', at), stop) + 1;
        if (value <= stop && decoded(std::string_view(head).substr(at, value - 1 - at)) == name) {
            const std::string asked = decoded(std::string_view(head).substr(value, stop - value));
            const auto named =
                std::find_if(names.begin(), names.end(), [&](const auto& pair) { return pair.first == asked; });
            if (named != names.end()) {
                const std::string own = encoded(named->second);
                head.replace(value, stop - value, own);
                end = end - (stop - value) + own.size();
                at = value + own.size();
                continue;
            }
        }
        at = stop;
    }
}

}  // namespace weir::http
