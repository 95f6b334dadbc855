#include "ai/quota_fields.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/ascii.hpp"

namespace weir::ai {
namespace {

using std::chrono::days;
using WallTime = QuotaFields::WallTime;

constexpr double kLongest = 86'400;     // seconds
constexpr double kUnixTime = 1e9;       // a plain reset above this is an instant in seconds,
constexpr double kUnixMillis = 1e12;    // above this, in milliseconds
constexpr std::size_t kMaxNumber = 32;  // digits of a value

std::optional<std::uint64_t> read_count(std::string_view text) {
    std::uint64_t count = 0;
    const auto [end, error] = std::from_chars(text.begin(), text.end(), count);
    if (error != std::errc() || end != text.end()) return std::nullopt;
    return count;
}

// Takes digits, with a fraction if there is one, off the front of `text`. Neither signs nor exponents nor NaN.
std::optional<double> take_number(std::string_view& text) {
    const auto is_part = [](char c) { return is_digit(c) || c == '.'; };
    const std::string_view number =
        text.substr(0, static_cast<std::size_t>(std::find_if_not(text.begin(), text.end(), is_part) - text.begin()));
    if (number.empty() || number.size() > kMaxNumber || !is_digit(number.front())) return std::nullopt;
    double value = 0;
    const auto [end, error] =
        std::from_chars(number.data(), number.data() + number.size(), value, std::chars_format::fixed);
    if (error != std::errc() || end != number.data() + number.size()) return std::nullopt;
    text.remove_prefix(number.size());
    return value;
}

// Takes a unit off the front, and returns its length in seconds; 0 when there is none.
double take_unit(std::string_view& text) {
    struct Unit {
        std::string_view name;
        double seconds;
    };
    // Longer names first.
    static constexpr std::array<Unit, 8> kUnits{{{"ms", 1e-3},
                                                 {"us", 1e-6},
                                                 {"\xC2\xB5s", 1e-6},
                                                 {"ns", 1e-9},
                                                 {"d", 86'400},
                                                 {"h", 3600},
                                                 {"m", 60},
                                                 {"s", 1}}};
    for (const Unit& unit : kUnits) {
        if (!text.starts_with(unit.name)) continue;
        text.remove_prefix(unit.name.size());
        return unit.seconds;
    }
    return 0;
}

std::optional<Duration> bounded(std::optional<double> seconds) {
    if (!seconds || !(*seconds >= 0)) return std::nullopt;
    return from_seconds(std::min(*seconds, kLongest));
}

std::optional<Duration> until(std::optional<WallTime> instant, WallTime now) {
    if (!instant) return std::nullopt;
    // In seconds first: the difference of two instants in nanoseconds may not fit.
    const auto whole = [](WallTime time) { return std::chrono::duration<double>(time.time_since_epoch()).count(); };
    return bounded(std::max(whole(*instant) - whole(now), 0.0));
}

// A number in fixed-width text, such as a month.
std::optional<int> digits(std::string_view text, std::size_t at, std::size_t count) {
    if (text.size() < at + count) return std::nullopt;
    const std::string_view part = text.substr(at, count);
    if (!std::all_of(part.begin(), part.end(), is_digit)) return std::nullopt;
    int value = 0;
    std::from_chars(part.begin(), part.end(), value);
    return value;
}

std::optional<WallTime> instant_of(std::optional<int> year, std::optional<int> month, std::optional<int> day,
                                   std::string_view clock) {
    const auto hour = digits(clock, 0, 2);
    const auto minute = digits(clock, 3, 2);
    const auto second = digits(clock, 6, 2);
    if (!year || !month || !day || !hour || !minute || !second || clock[2] != ':' || clock[5] != ':')
        return std::nullopt;
    const std::chrono::year_month_day date{std::chrono::year(*year), std::chrono::month(static_cast<unsigned>(*month)),
                                           std::chrono::day(static_cast<unsigned>(*day))};
    // The clock counts nanoseconds in 64 bits, which end in 2262. 60: a leap second.
    if (!date.ok() || *year < 1970 || *year > 2200 || *hour > 23 || *minute > 59 || *second > 60) return std::nullopt;
    return std::chrono::sys_days(date) + std::chrono::hours(*hour) + std::chrono::minutes(*minute) +
           std::chrono::seconds(*second);
}

// The offset from UTC at the end of an RFC 3339 instant, in minutes.
std::optional<int> offset(std::string_view text) {
    if (text == "Z" || text == "z") return 0;
    if (text.size() != 6 || (text[0] != '+' && text[0] != '-') || text[3] != ':') return std::nullopt;
    const auto hours = digits(text, 1, 2);
    const auto minutes = digits(text, 4, 2);
    if (!hours || !minutes || *hours > 23 || *minutes > 59) return std::nullopt;
    const int all = *hours * 60 + *minutes;
    return text[0] == '-' ? -all : all;
}

std::optional<Duration> read_plain_reset(std::string_view text, WallTime now) {
    std::string_view rest = text;
    const auto number = take_number(rest);
    if (!number || !rest.empty() || *number < kUnixTime) return read_length(text);
    const double instant = *number < kUnixMillis ? *number : *number / 1e3;
    return bounded(std::max(instant - std::chrono::duration<double>(now.time_since_epoch()).count(), 0.0));
}

// One of the three parts of a quota.
void set(QuotaLeft& left, std::string_view part, std::string_view value, std::optional<Duration> reset) {
    if (part == "limit") left.limit = read_count(value);
    if (part == "remaining") left.remaining = read_count(value);
    if (part == "reset") left.reset = reset;
}

}  // namespace

std::optional<Duration> read_length(std::string_view text) {
    double length = 0;
    if (text.empty()) return std::nullopt;
    for (bool first = true; !text.empty(); first = false) {
        const auto number = take_number(text);
        if (!number) return std::nullopt;
        if (text.empty() && first) return bounded(*number);  // no unit: seconds
        const double unit = take_unit(text);
        if (unit == 0) return std::nullopt;
        length += *number * unit;
    }
    return bounded(length);
}

std::optional<WallTime> read_rfc3339(std::string_view text) {
    if (text.size() < 20 || text[4] != '-' || text[7] != '-' || lower(text[10]) != 't') return std::nullopt;
    const auto whole = instant_of(digits(text, 0, 4), digits(text, 5, 2), digits(text, 8, 2), text.substr(11, 8));
    if (!whole) return std::nullopt;
    std::string_view rest = text.substr(19);
    double fraction = 0;
    if (rest.front() == '.') {
        rest.remove_prefix(1);
        double weight = 0.1;
        for (; !rest.empty() && is_digit(rest.front()); weight /= 10, rest.remove_prefix(1))
            fraction += (rest.front() - '0') * weight;
    }
    const auto east = offset(rest);
    if (!east) return std::nullopt;
    return *whole + std::chrono::duration_cast<WallTime::duration>(std::chrono::duration<double>(fraction)) -
           std::chrono::minutes(*east);
}

std::optional<WallTime> read_http_date(std::string_view text) {
    static constexpr std::string_view kMonths = "JanFebMarAprMayJunJulAugSepOctNovDec";
    if (text.size() != 29 || text.substr(3, 2) != ", " || text.substr(25) != " GMT") return std::nullopt;
    const std::size_t month = kMonths.find(text.substr(8, 3));
    if (month == std::string_view::npos || month % 3 != 0) return std::nullopt;
    return instant_of(digits(text, 12, 4), static_cast<int>(month / 3) + 1, digits(text, 5, 2), text.substr(17, 8));
}

QuotaFields::QuotaFields(int status, WallTime now) : now_(now), is_429_(status == 429) {
    report_.refused = status == 429 || status == 503 || status == 529;
}

void QuotaFields::add(std::string_view name, std::string_view value) {
    constexpr std::string_view kOpenAi = "x-ratelimit-";
    constexpr std::string_view kAnthropic = "anthropic-ratelimit-";
    if (name.empty()) return;
    switch (lower(name.front())) {
        case 'r':
            if (equals_ignoring_case(name, "retry-after")) {
                after_ =
                    value.empty() || is_digit(value.front()) ? read_length(value) : until(read_http_date(value), now_);
            } else if (equals_ignoring_case(name, "retry-after-ms")) {
                std::string_view rest = value;
                const auto millis = take_number(rest);
                if (millis && rest.empty()) after_exactly_ = bounded(*millis / 1e3);
            }
            break;
        case 'x':
            if (begins_ignoring_case(name, kOpenAi)) add_openai(name.substr(kOpenAi.size()), value);
            break;
        case 'a':
            if (begins_ignoring_case(name, kAnthropic)) add_anthropic(name.substr(kAnthropic.size()), value);
            break;
        default: break;
    }
}

void QuotaFields::add_openai(std::string_view name, std::string_view value) {
    std::array<char, 32> small{};
    if (name.size() > small.size()) return;
    std::transform(name.begin(), name.end(), small.begin(), lower);
    name = std::string_view(small.data(), name.size());
    if (name == "reset") plain_reset_ = read_plain_reset(value, now_);
    const std::size_t dash = name.find('-');
    if (dash == std::string_view::npos) return;
    const std::string_view what = name.substr(dash + 1);
    QuotaLeft* left = what == "requests" ? &report_.requests : what == "tokens" ? &report_.tokens : nullptr;
    if (left != nullptr) set(*left, name.substr(0, dash), value, read_plain_reset(value, now_));
}

void QuotaFields::add_anthropic(std::string_view name, std::string_view value) {
    std::array<char, 32> small{};
    if (name.size() > small.size()) return;
    std::transform(name.begin(), name.end(), small.begin(), lower);
    name = std::string_view(small.data(), name.size());
    const std::size_t dash = name.rfind('-');
    if (dash == std::string_view::npos) return;
    const std::string_view what = name.substr(0, dash);
    QuotaLeft* left = what == "requests"        ? &report_.requests
                      : what == "tokens"        ? &report_.tokens
                      : what == "input-tokens"  ? &report_.input
                      : what == "output-tokens" ? &report_.output
                                                : nullptr;
    if (left != nullptr) set(*left, name.substr(dash + 1), value, until(read_rfc3339(value), now_));
}

std::optional<Duration> QuotaFields::latest_reset() const {
    std::optional<Duration> latest;
    for (const QuotaLeft* left : {&report_.requests, &report_.tokens, &report_.input, &report_.output}) {
        if (left->remaining == 0U && left->reset) latest = std::max(latest.value_or(Duration::zero()), *left->reset);
    }
    return latest;
}

QuotaReport QuotaFields::report() const {
    QuotaReport report = report_;
    report.retry_after = after_exactly_ ? after_exactly_ : after_;
    if (report.refused && !report.retry_after) report.retry_after = latest_reset();
    if (report.refused && !report.retry_after) report.retry_after = plain_reset_;
    // 503 and 529 also say that a service is down, which no waiting for a quota cures.
    if (report.refused && !is_429_ && !report.retry_after) {
        report.refused = false;
        report.failed = true;
    }
    return report;
}

}  // namespace weir::ai
