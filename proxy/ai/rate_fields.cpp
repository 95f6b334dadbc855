#include "ai/rate_fields.hpp"

#include <algorithm>
#include <charconv>

namespace weir::ai {
namespace {

// Writes from a position onwards. REQUIRES: enough space for what is written.
class Pen {
public:
    explicit Pen(char* at) : at_(at) {}

    [[nodiscard]] char* at() const { return at_; }

    void text(std::string_view text) { at_ = std::copy(text.begin(), text.end(), at_); }
    void sign(char c) { *at_++ = c; }
    void number(std::uint64_t number) { at_ = std::to_chars(at_, at_ + 20, number).ptr; }
    void padded(std::uint64_t number, std::uint64_t least) {
        for (std::uint64_t floor = least; floor > 1 && number < floor; floor /= 10) sign('0');
        this->number(number);
    }

    // RFC 3339, in UTC, rounded up to a whole second.
    void instant(std::chrono::system_clock::time_point instant) {
        const auto second = std::chrono::ceil<std::chrono::seconds>(instant);
        const auto day = std::chrono::floor<std::chrono::days>(second);
        const std::chrono::year_month_day date(day);
        const std::chrono::hh_mm_ss clock(second - day);
        padded(static_cast<std::uint64_t>(int{date.year()}), 1000);
        sign('-');
        padded(unsigned{date.month()}, 10);
        sign('-');
        padded(unsigned{date.day()}, 10);
        sign('T');
        padded(static_cast<std::uint64_t>(clock.hours().count()), 10);
        sign(':');
        padded(static_cast<std::uint64_t>(clock.minutes().count()), 10);
        sign(':');
        padded(static_cast<std::uint64_t>(clock.seconds().count()), 10);
        sign('Z');
    }

    // Go's format, down to milliseconds, rounded up.
    void length(Duration length) {
        const auto all = std::max<std::int64_t>(0, std::chrono::ceil<std::chrono::milliseconds>(length).count());
        auto millis = static_cast<std::uint64_t>(all);
        if (millis > 0 && millis < 1000) {
            number(millis);
            return text("ms");
        }
        const std::uint64_t hours = millis / 3'600'000;
        const std::uint64_t minutes = millis / 60'000 % 60;
        millis %= 60'000;
        if (hours > 0) {
            number(hours);
            sign('h');
        }
        if (hours > 0 || minutes > 0) {
            number(minutes);
            sign('m');
        }
        number(millis / 1000);
        if (millis % 1000 > 0) {
            sign('.');
            padded(millis % 1000, 100);
            while (at_[-1] == '0') --at_;
        }
        sign('s');
    }

private:
    char* at_;
};

void write_openai(Pen& pen, std::string_view what, const RateLeft& left) {
    if (left.limit == 0) return;
    pen.text("x-ratelimit-limit-");
    pen.text(what);
    pen.text(": ");
    pen.number(left.limit);
    pen.text("\r\nx-ratelimit-remaining-");
    pen.text(what);
    pen.text(": ");
    pen.number(left.remaining);
    pen.text("\r\nx-ratelimit-reset-");
    pen.text(what);
    pen.text(": ");
    pen.length(left.reset);
    pen.text("\r\n");
}

void write_anthropic(Pen& pen, std::string_view what, const RateLeft& left, std::chrono::system_clock::time_point now) {
    if (left.limit == 0) return;
    pen.text("anthropic-ratelimit-");
    pen.text(what);
    pen.text("-limit: ");
    pen.number(left.limit);
    pen.text("\r\nanthropic-ratelimit-");
    pen.text(what);
    pen.text("-remaining: ");
    pen.number(left.remaining);
    pen.text("\r\nanthropic-ratelimit-");
    pen.text(what);
    pen.text("-reset: ");
    pen.instant(now + std::chrono::duration_cast<std::chrono::system_clock::duration>(left.reset));
    pen.text("\r\n");
}

const RateLeft& scarcer(const RateLeft& a, const RateLeft& b) {
    if (a.limit == 0 || b.limit == 0) return a.limit == 0 ? b : a;
    return a.remaining <= b.remaining ? a : b;
}

}  // namespace

RateFields::RateFields(Dialect dialect, const RatesLeft& left, std::chrono::system_clock::time_point now) {
    Pen pen(text_.data());
    if (dialect == Dialect::anthropic) {
        write_anthropic(pen, "requests", left.requests, now);
        write_anthropic(pen, "tokens", left.tokens, now);
        write_anthropic(pen, "input-tokens", left.input, now);
        write_anthropic(pen, "output-tokens", left.output, now);
    } else {
        write_openai(pen, "requests", left.requests);
        write_openai(pen, "tokens", scarcer(left.tokens, scarcer(left.input, left.output)));
    }
    size_ = static_cast<std::size_t>(pen.at() - text_.data());
}

}  // namespace weir::ai
