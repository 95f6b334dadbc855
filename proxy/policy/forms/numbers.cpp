// Forms made of digits: counts, durations, sizes, rates, percentages.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

#include "policy/forms/scalar.hpp"

namespace weir::policy {
namespace {

struct Unit {
    std::string_view name;
    double factor;
};

constexpr std::array kCountUnits{Unit{"", 1}, Unit{"k", 1e3}, Unit{"M", 1e6}};
constexpr std::array kTimeUnits{Unit{"ms", 1e-3}, Unit{"s", 1}, Unit{"m", 60}, Unit{"h", 3600}};
constexpr std::array kSizeUnits{Unit{"B", 1},    Unit{"KiB", 1024.0}, Unit{"MiB", 1048576.0}, Unit{"GiB", 1073741824.0},
                                Unit{"kB", 1e3}, Unit{"KB", 1e3},     Unit{"MB", 1e6},        Unit{"GB", 1e9}};
constexpr std::array kRateUnits{Unit{"/s", 1}, Unit{"/min", 1.0 / 60}, Unit{"/h", 1.0 / 3600}};

// Every integer up to here is exact in a double.
constexpr double kMaxNumber = 9007199254740992.0;
constexpr double kMaxSeconds = 365.0 * 24 * 3600;

// Says how a number of some form is written, for its errors.
struct Style {
    std::span<const Unit> units;
    std::string_view what;        // "a duration such as 250ms, 2s or 10m"
    std::string_view usual_unit;  // suggested where the unit is missing; empty: no unit is fine
    bool fractions = false;
};

constexpr Style kCount{kCountUnits, "a whole number such as 16 or 400k", "", false};
constexpr Style kTime{kTimeUnits, "a duration such as 250ms, 2s or 10m", "s", true};
constexpr Style kSize{kSizeUnits, "a size such as 512B, 32KiB or 8MiB", "B", false};
constexpr Style kRate{kRateUnits, "a rate such as 20/s, 1200/min or 5/h", "/min", true};

bool is_digit(char c) { return c >= '0' && c <= '9'; }

Fault bad_unit(const Style& style) {
    std::string names;
    for (const Unit& known : style.units) {
        if (!known.name.empty()) names += fmt::format("{}{}", names.empty() ? "" : ", ", known.name);
    }
    return {"bad-unit", fmt::format("must have one of the units {}", names), {}, {}};
}

// Digits, perhaps with a fraction, then one of the units: the number in the units' base.
Reading<double> parse_number(std::string_view text, const Style& style) {
    const auto first_other = std::find_if_not(text.begin(), text.end(), [](char c) { return is_digit(c) || c == '.'; });
    const std::string_view digits = text.substr(0, static_cast<std::size_t>(first_other - text.begin()));
    const std::string_view unit = text.substr(digits.size());
    double number = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    if (digits.empty() || !is_digit(digits.front()) || !is_digit(digits.back()) || error != std::errc{} ||
        end != digits.data() + digits.size()) {
        return Fault{"wrong-type", fmt::format("must be {}", style.what), {}, {}};
    }
    if (digits.size() > 1 && digits.front() == '0' && is_digit(digits[1])) {
        const std::size_t significant = std::min(digits.find_first_not_of('0'), digits.size() - 1);
        return Fault{"leading-zero",
                     "must not start with a zero, which YAML readers disagree about",
                     std::string(text.substr(significant)),
                     {}};
    }
    if (!style.fractions && digits.find('.') != std::string_view::npos) {
        return Fault{"wrong-type", fmt::format("must be {}", style.what), {}, {}};
    }
    if (unit.empty() && !style.usual_unit.empty()) {
        return Fault{"missing-unit", "needs a unit", fmt::format("{}{}", text, style.usual_unit),
                     fmt::format("write {}", style.what)};
    }
    for (const Unit& known : style.units) {
        if (known.name != unit) continue;
        if (number * known.factor > kMaxNumber) return Fault{"out-of-range", "is too large", {}, {}};
        return number * known.factor;
    }
    return bad_unit(style);
}

// The largest unit in which the value is a whole number.
std::string in_largest_unit(std::uint64_t value, std::span<const std::pair<std::uint64_t, std::string_view>> units) {
    for (const auto& [factor, unit] : units) {
        if (value >= factor && value % factor == 0) return fmt::format("{}{}", value / factor, unit);
    }
    return fmt::format("{}{}", value, units.back().second);
}

}  // namespace

Reading<std::uint64_t> parse_count(std::string_view text) {
    auto number = parse_number(text, kCount);
    if (!number.value) return number.fault;
    return static_cast<std::uint64_t>(*number.value);
}

Reading<std::uint64_t> parse_positive(std::string_view text) {
    auto count = parse_count(text);
    if (count.value && *count.value == 0) return Fault{"out-of-range", "must be at least 1", {}, {}};
    return count;
}

Reading<double> parse_burst(std::string_view text) {
    auto count = parse_positive(text);
    if (!count.value) return count.fault;
    return static_cast<double>(*count.value);
}

std::string print_count(const std::uint64_t& value) { return fmt::format("{}", value); }
std::string print_burst(const double& value) { return fmt::format("{}", std::llround(value)); }

Reading<upstream::ContextTokens> parse_context_tokens(std::string_view text) {
    if (text == "read") return upstream::ContextTokens{0, true};
    auto count = parse_positive(text);
    if (count.value) return upstream::ContextTokens{*count.value, false};
    if (count.fault.id == "wrong-type") count.fault.message = "must be a number of LLM tokens such as 400k, or `read`";
    return count.fault;
}

std::string print_context_tokens(const upstream::ContextTokens& value) {
    if (value.read) return "read";
    return value.tokens == 0 ? std::string() : print_count(value.tokens);
}

Reading<bool> parse_bool(std::string_view text) {
    constexpr std::array<std::string_view, 10> kTrue{"yes", "Yes", "YES", "y", "Y", "on", "On", "ON", "True", "TRUE"};
    constexpr std::array<std::string_view, 10> kFalse{"no",  "No",  "NO",  "n",     "N",
                                                      "off", "Off", "OFF", "False", "FALSE"};
    if (text == "true") return true;
    if (text == "false") return false;
    const bool meant_true = std::find(kTrue.begin(), kTrue.end(), text) != kTrue.end();
    const bool meant_false = std::find(kFalse.begin(), kFalse.end(), text) != kFalse.end();
    if (!meant_true && !meant_false) return Fault{"wrong-type", "must be true or false", {}, {}};
    return Fault{"yaml-boolean", "must be true or false", meant_true ? "true" : "false", {}};
}

std::string print_bool(const bool& value) { return value ? "true" : "false"; }

Reading<Duration> parse_duration_or_zero(std::string_view text) {
    auto number = parse_number(text, kTime);
    if (!number.value) return number.fault;
    if (*number.value > kMaxSeconds) return Fault{"out-of-range", "must be at most a year", {}, {}};
    return std::chrono::nanoseconds(std::llround(*number.value * 1e9));
}

Reading<Duration> parse_duration(std::string_view text) {
    auto length = parse_duration_or_zero(text);
    if (length.value && *length.value <= Duration::zero()) {
        return Fault{"out-of-range", "must be longer than zero", {}, {}};
    }
    return length;
}

std::string print_duration(const Duration& value) {
    constexpr std::array<std::pair<std::uint64_t, std::string_view>, 4> kUnits{
        {{3'600'000, "h"}, {60'000, "m"}, {1'000, "s"}, {1, "ms"}}};
    const std::int64_t nanoseconds = std::chrono::nanoseconds(value).count();
    if (nanoseconds == 0) return "0s";
    if (nanoseconds % 1'000'000 != 0) return fmt::format("{}ms", static_cast<double>(nanoseconds) / 1e6);
    return in_largest_unit(static_cast<std::uint64_t>(nanoseconds / 1'000'000), kUnits);
}

Reading<std::uint64_t> parse_size(std::string_view text) {
    auto number = parse_number(text, kSize);
    if (!number.value) return number.fault;
    if (*number.value < 1) return Fault{"out-of-range", "must be at least 1B", {}, {}};
    return static_cast<std::uint64_t>(*number.value);
}

std::string print_size(const std::uint64_t& value) {
    constexpr std::array<std::pair<std::uint64_t, std::string_view>, 4> kUnits{
        {{1U << 30, "GiB"}, {1U << 20, "MiB"}, {1U << 10, "KiB"}, {1, "B"}}};
    return in_largest_unit(value, kUnits);
}

Reading<double> parse_rate(std::string_view text) {
    // `600k/min`: the number's own suffix stands before the unit's slash.
    std::string plain(text);
    double factor = 1;
    if (const std::size_t slash = plain.find('/'); slash != std::string::npos && slash > 0) {
        factor = plain[slash - 1] == 'k' ? 1e3 : plain[slash - 1] == 'M' ? 1e6 : 1;
        if (factor > 1) plain.erase(slash - 1, 1);
    }
    auto number = parse_number(plain, kRate);
    if (!number.value) return number.fault;
    if (*number.value <= 0) return Fault{"out-of-range", "must be above zero", {}, {}};
    return *number.value * factor;
}

std::string print_rate(const double& value) {
    for (const auto& [factor, unit] : {std::pair{60.0, "/min"}, {1.0, "/s"}, {3600.0, "/h"}}) {
        const double count = std::round(value * factor);
        if (count >= 1 && std::abs(value * factor - count) < 1e-9 * count) return fmt::format("{}{}", count, unit);
    }
    return fmt::format("{}/s", value);
}

double default_burst(double per_second) { return std::max(1.0, std::floor(per_second * 60 / 10)); }

Reading<admission::RateConfig> parse_bucket(std::string_view text) {
    auto rate = parse_rate(text);
    if (!rate.value) return rate.fault;
    return admission::RateConfig{*rate.value, default_burst(*rate.value)};
}

double default_token_burst(double per_second) { return std::max(1.0, std::floor(per_second * 60)); }

Reading<admission::RateConfig> parse_token_bucket(std::string_view text) {
    constexpr std::string_view kWord = " tokens/";
    std::string plain(text);
    if (const std::size_t word = plain.find(kWord); word != std::string::npos) plain.replace(word, kWord.size(), "/");
    auto rate = parse_rate(plain);
    if (!rate.value) return rate.fault;
    return admission::RateConfig{*rate.value, default_token_burst(*rate.value)};
}

std::string print_bucket(const admission::RateConfig& value) { return print_rate(value.per_second); }

Reading<double> parse_percent(std::string_view text) {
    constexpr Style kPercent{{}, "a percentage such as 5% or 99.5%", "%", true};
    if (!text.ends_with('%')) {
        auto number = parse_number(text, kPercent);
        if (number.fault.id == "bad-unit") return Fault{"wrong-type", fmt::format("must be {}", kPercent.what), {}, {}};
        return number.fault;
    }
    constexpr std::array kPlain{Unit{"", 1}};
    auto number = parse_number(text.substr(0, text.size() - 1), Style{kPlain, kPercent.what, "", true});
    if (!number.value) {
        if (!number.fault.suggestion.empty()) number.fault.suggestion += '%';
        return number.fault;
    }
    if (*number.value > 100) return Fault{"out-of-range", "must be at most 100%", {}, {}};
    return *number.value / 100;
}

Reading<double> parse_ratio(std::string_view text) {
    constexpr std::array kPlain{Unit{"", 1}};
    auto number = parse_number(text, Style{kPlain, "a number such as 0.9", "", true});
    if (!number.value) return number.fault;
    if (*number.value > 2) return Fault{"out-of-range", "must be at most 2, which is a full line", {}, {}};
    return *number.value;
}

std::string print_ratio(const double& value) { return fmt::format("{}", std::round(value * 1e6) / 1e6); }

std::string print_percent(const double& value) { return fmt::format("{}%", std::round(value * 1e8) / 1e6); }

}  // namespace weir::policy
