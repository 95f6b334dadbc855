#include "ai/rate_fields.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace weir::ai {
namespace {

using namespace std::chrono_literals;

void append_padded(std::string& out, std::uint64_t number, std::size_t digits) {
    std::array<char, 20> text;
    const auto end = std::to_chars(text.data(), text.data() + text.size(), number).ptr;
    const auto size = static_cast<std::size_t>(end - text.data());
    out.append(digits > size ? digits - size : 0, '0').append(text.data(), end);
}

void append_number(std::string& out, std::uint64_t number) { append_padded(out, number, 1); }

// RFC 3339, in UTC, to the second: the next whole one.
void append_instant(std::string& out, std::chrono::system_clock::time_point at) {
    const auto second = std::chrono::ceil<std::chrono::seconds>(at);
    const auto day = std::chrono::floor<std::chrono::days>(second);
    const std::chrono::year_month_day date(day);
    const std::chrono::hh_mm_ss clock(second - day);
    append_padded(out, static_cast<std::uint64_t>(int{date.year()}), 4);
    out.push_back('-');
    append_padded(out, unsigned{date.month()}, 2);
    out.push_back('-');
    append_padded(out, unsigned{date.day()}, 2);
    out.push_back('T');
    append_padded(out, static_cast<std::uint64_t>(clock.hours().count()), 2);
    out.push_back(':');
    append_padded(out, static_cast<std::uint64_t>(clock.minutes().count()), 2);
    out.push_back(':');
    append_padded(out, static_cast<std::uint64_t>(clock.seconds().count()), 2);
    out.push_back('Z');
}

void append_openai(std::string& out, std::string_view what, const RateLeft& left) {
    if (left.limit == 0) return;
    out.append("x-ratelimit-limit-").append(what).append(": ");
    append_number(out, left.limit);
    out.append("\r\nx-ratelimit-remaining-").append(what).append(": ");
    append_number(out, left.remaining);
    out.append("\r\nx-ratelimit-reset-").append(what).append(": ");
    append_length(out, left.reset);
    out.append("\r\n");
}

void append_anthropic(std::string& out, std::string_view what, const RateLeft& left,
                      std::chrono::system_clock::time_point now) {
    if (left.limit == 0) return;
    out.append("anthropic-ratelimit-").append(what).append("-limit: ");
    append_number(out, left.limit);
    out.append("\r\nanthropic-ratelimit-").append(what).append("-remaining: ");
    append_number(out, left.remaining);
    out.append("\r\nanthropic-ratelimit-").append(what).append("-reset: ");
    append_instant(out, now + std::chrono::duration_cast<std::chrono::system_clock::duration>(left.reset));
    out.append("\r\n");
}

const RateLeft& scarcer(const RateLeft& a, const RateLeft& b) {
    if (a.limit == 0 || b.limit == 0) return a.limit == 0 ? b : a;
    return a.remaining <= b.remaining ? a : b;
}

}  // namespace

void append_length(std::string& out, Duration length) {
    const auto all = std::max<std::int64_t>(0, std::chrono::ceil<std::chrono::milliseconds>(length).count());
    auto millis = static_cast<std::uint64_t>(all);
    if (millis > 0 && millis < 1000) {
        append_number(out, millis);
        out.append("ms");
        return;
    }
    const std::uint64_t hours = millis / 3'600'000;
    const std::uint64_t minutes = millis / 60'000 % 60;
    millis %= 60'000;
    if (hours > 0) {
        append_number(out, hours);
        out.push_back('h');
    }
    if (hours > 0 || minutes > 0) {
        append_number(out, minutes);
        out.push_back('m');
    }
    append_number(out, millis / 1000);
    if (millis % 1000 > 0) {
        out.push_back('.');
        append_padded(out, millis % 1000, 3);
        while (out.back() == '0') out.pop_back();
    }
    out.push_back('s');
}

void append_rate_fields(std::string& out, Dialect dialect, const RatesLeft& left,
                        std::chrono::system_clock::time_point now) {
    if (dialect == Dialect::anthropic) {
        append_anthropic(out, "requests", left.requests, now);
        append_anthropic(out, "tokens", left.tokens, now);
        append_anthropic(out, "input-tokens", left.input, now);
        append_anthropic(out, "output-tokens", left.output, now);
        return;
    }
    append_openai(out, "requests", left.requests);
    append_openai(out, "tokens", scarcer(left.tokens, scarcer(left.input, left.output)));
}

}  // namespace weir::ai
