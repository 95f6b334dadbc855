// Forms made of digits: counts, durations, sizes, rates, percentages.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

#include "base/ascii.hpp"
#include "policy/forms/forms.hpp"

namespace weir::policy {
namespace {

using admission::RateConfig;
using admission::TokenLimitConfig;
using upstream::ContextTokens;
using upstream::HeadroomSetting;

struct Unit {
    std::string_view name;
    double factor;
};

constexpr std::array kPlain{Unit{"", 1}};
constexpr std::array kCountUnits{Unit{"", 1}, Unit{"k", 1e3}, Unit{"M", 1e6}};
constexpr std::array kTimeUnits{Unit{"ms", 1e-3}, Unit{"s", 1}, Unit{"m", 60}, Unit{"h", 3600}};
constexpr std::array kSizeUnits{Unit{"B", 1},    Unit{"KiB", 1024.0}, Unit{"MiB", 1048576.0}, Unit{"GiB", 1073741824.0},
                                Unit{"kB", 1e3}, Unit{"KB", 1e3},     Unit{"MB", 1e6},        Unit{"GB", 1e9}};
constexpr std::array kRateUnits{Unit{"/s", 1}, Unit{"/min", 1.0 / 60}, Unit{"/h", 1.0 / 3600}};

// Every integer up to here is exact in a double.
constexpr double kMaxNumber = 9007199254740992.0;
constexpr double kMaxSeconds = 365.0 * 24 * 3600;

// How a number of some form is written, for parsing and for its errors.
struct Style {
    std::span<const Unit> units;
    std::string_view what;        // "a duration such as 250ms, 2s or 10m"
    std::string_view usual_unit;  // suggested where the unit is missing; empty: no unit is fine
    bool fractions = false;
};

constexpr Style kCountStyle{kCountUnits, "a whole number such as 16 or 400k", "", false};
constexpr Style kTimeStyle{kTimeUnits, "a duration such as 250ms, 2s or 10m", "s", true};
constexpr Style kSizeStyle{kSizeUnits, "a size such as 512B, 32KiB or 8MiB", "B", false};
constexpr Style kRateStyle{kRateUnits, "a rate such as 20/s, 1200/min or 5/h", "/min", true};

Fault bad_unit(const Style& style) {
    std::string names;
    for (const Unit& known : style.units) {
        if (!known.name.empty()) names += fmt::format("{}{}", names.empty() ? "" : ", ", known.name);
    }
    return {"bad-unit", fmt::format("must have one of the units {}", names)};
}

// Digits, optionally with a fraction, then one of the units: the number in the units' base.
Reading<double> parse_number(std::string_view text, const Style& style) {
    const auto first_other = std::find_if_not(text.begin(), text.end(), [](char c) { return is_digit(c) || c == '.'; });
    const std::string_view digits = text.substr(0, static_cast<std::size_t>(first_other - text.begin()));
    const std::string_view unit = text.substr(digits.size());
    double number = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    if (digits.empty() || !is_digit(digits.front()) || !is_digit(digits.back()) || error != std::errc{} ||
        end != digits.data() + digits.size()) {
        return Fault{"wrong-type", fmt::format("must be {}", style.what)};
    }
    if (digits.size() > 1 && digits.front() == '0' && is_digit(digits[1])) {
        const std::size_t significant = std::min(digits.find_first_not_of('0'), digits.size() - 1);
        return Fault{"leading-zero", "must not start with a zero, which YAML readers disagree about",
                     std::string(text.substr(significant))};
    }
    if (!style.fractions && digits.find('.') != std::string_view::npos) {
        return Fault{"wrong-type", fmt::format("must be {}", style.what)};
    }
    if (unit.empty() && !style.usual_unit.empty()) {
        return Fault{"missing-unit", "needs a unit", fmt::format("{}{}", text, style.usual_unit),
                     fmt::format("write {}", style.what)};
    }
    for (const Unit& known : style.units) {
        if (known.name != unit) continue;
        if (number * known.factor > kMaxNumber) return Fault{"out-of-range", "is too large"};
        return number * known.factor;
    }
    return bad_unit(style);
}

using Whole = std::pair<std::uint64_t, std::string_view>;

// In the largest unit in which the value is a whole number.
std::string in_largest_unit(std::uint64_t value, const std::array<Whole, 4>& units) {
    for (const auto& [factor, unit] : units) {
        if (value >= factor && value % factor == 0) return fmt::format("{}{}", value / factor, unit);
    }
    return fmt::format("{}{}", value, units.back().second);
}

Fault out_of_range(std::string message) { return {"out-of-range", std::move(message)}; }

Reading<std::uint64_t> read_count(const Form&, std::string_view text) {
    return parse_number(text, kCountStyle).then([](double n) { return static_cast<std::uint64_t>(n); });
}

Reading<std::uint64_t> read_positive(const Form& form, std::string_view text) {
    auto count = read_count(form, text);
    if (count.value == 0U) return out_of_range("must be at least 1");
    return count;
}

Reading<Duration> read_duration(const Form&, std::string_view text) {
    const auto seconds = parse_number(text, kTimeStyle);
    if (seconds.value > kMaxSeconds) return out_of_range("must be at most a year");
    return seconds.then([](double s) { return Duration(std::chrono::nanoseconds(std::llround(s * 1e9))); });
}

Reading<Duration> read_duration_above_zero(const Form& form, std::string_view text) {
    auto length = read_duration(form, text);
    if (length.value && *length.value <= Duration::zero()) return out_of_range("must be longer than zero");
    return length;
}

std::string print_duration(const Form&, const Duration& value) {
    const std::int64_t nanoseconds = std::chrono::nanoseconds(value).count();
    if (nanoseconds == 0) return "0s";
    if (nanoseconds % 1'000'000 != 0) return fmt::format("{}ms", static_cast<double>(nanoseconds) / 1e6);
    return in_largest_unit(static_cast<std::uint64_t>(nanoseconds / 1'000'000),
                           {{{3'600'000, "h"}, {60'000, "m"}, {1'000, "s"}, {1, "ms"}}});
}

Reading<double> read_rate(const Form&, std::string_view text) {
    // `600k/min`: the number's own suffix comes before the unit's slash.
    std::string plain(text);
    double factor = 1;
    if (const std::size_t slash = plain.find('/'); slash != std::string::npos && slash > 0) {
        factor = plain[slash - 1] == 'k' ? 1e3 : plain[slash - 1] == 'M' ? 1e6 : 1;
        if (factor > 1) plain.erase(slash - 1, 1);
    }
    const auto number = parse_number(plain, kRateStyle);
    if (number.value && *number.value <= 0) return out_of_range("must be above zero");
    return number.then([factor](double n) { return n * factor; });
}

Reading<RateConfig> read_token_bucket(const Form& form, std::string_view text) {
    constexpr std::string_view kWord = " tokens/";
    std::string plain(text);
    if (const std::size_t word = plain.find(kWord); word != std::string::npos) plain.replace(word, kWord.size(), "/");
    return read_rate(form, plain).then([](double rate) { return RateConfig{rate, default_token_burst(rate)}; });
}

// For values shown as the map that they stand for.
template <typename T>
std::string print_nothing(const Form&, const T&) {
    return {};
}

Reading<double> read_percent(const Form&, std::string_view text) {
    constexpr Style kStyle{{}, "a percentage such as 5% or 99.5%", "%", true};
    if (!text.ends_with('%')) {
        auto number = parse_number(text, kStyle);
        if (number.fault.id == "bad-unit") return Fault{"wrong-type", fmt::format("must be {}", kStyle.what)};
        return number.fault;
    }
    auto number = parse_number(text.substr(0, text.size() - 1), Style{kPlain, kStyle.what, "", true});
    if (!number.fault.suggestion.empty()) number.fault.suggestion += '%';
    if (number.value > 100.0) return out_of_range("must be at most 100%");
    return number.then([](double percent) { return percent / 100; });
}

constexpr std::string_view kRatePattern = "^[0-9]+(\\.[0-9]+)?[kM]?/(s|min|h)$";
constexpr std::string_view kTokenRatePattern = "^[0-9]+(\\.[0-9]+)?[kM]?( tokens)?/(s|min|h)$";
constexpr std::string_view kDurationPattern = "^[0-9]+(\\.[0-9]+)?(ms|s|m|h)$";
constexpr std::string_view kPositivePattern = "^[1-9][0-9]*[kM]?$";

}  // namespace

double default_burst(double per_second) { return std::max(1.0, std::floor(per_second * 60 / 10)); }

double default_token_burst(double per_second) { return std::max(1.0, std::floor(per_second * 60)); }

constinit const Scalar<std::uint64_t> kCount{
    {"a whole number such as 16 or 400k", "^(0|[1-9][0-9]*)[kM]?$", JsonType::integer},
    read_count,
    [](const Form&, const std::uint64_t& value) { return fmt::format("{}", value); }};
constinit const Scalar<std::uint64_t> kPositive{
    {"a whole number of at least 1, such as 16 or 400k", kPositivePattern, JsonType::integer},
    read_positive,
    [](const Form&, const std::uint64_t& value) { return value == 0 ? "" : fmt::format("{}", value); }};
constinit const Scalar<double> kBurst{
    {"a whole number of at least 1, such as 300", kPositivePattern, JsonType::integer},
    [](const Form& form, std::string_view text) {
        return read_positive(form, text).then([](std::uint64_t n) { return static_cast<double>(n); });
    },
    [](const Form&, const double& value) { return value == 0 ? "" : fmt::format("{}", std::llround(value)); }};
constinit const Scalar<ContextTokens> kContextTokens{
    {"a number of LLM tokens such as 400k, or `read`", "^(read|[1-9][0-9]*[kM]?)$", JsonType::integer},
    [](const Form& form, std::string_view text) -> Reading<ContextTokens> {
        if (text == "read") return ContextTokens{0, true};
        auto tokens = read_positive(form, text).then([](std::uint64_t n) { return ContextTokens{n, false}; });
        if (tokens.fault.id == "wrong-type") tokens.fault.message = fmt::format("must be {}", form.what);
        return tokens;
    },
    [](const Form&, const ContextTokens& value) { return value.read ? "read" : kPositive.print(value.tokens); }};
constinit const Scalar<HeadroomSetting> kHeadroom{
    {"a number from 0 to 1 such as 0.5, or `auto`", "^(auto|0|1|0\\.[0-9]+|1\\.0+)$", JsonType::number},
    [](const Form& form, std::string_view text) -> Reading<HeadroomSetting> {
        if (text == "auto") return HeadroomSetting{};
        auto number = parse_number(text, Style{kPlain, form.what, "", true});
        if (number.value > 1.0) return out_of_range("must be at most 1");
        return number.then([](double share) { return HeadroomSetting{share}; });
    },
    [](const Form&, const HeadroomSetting& setting) {
        return setting.share ? fmt::format("{}", std::round(*setting.share * 1e6) / 1e6) : "auto";
    }};
constinit const Scalar<Duration> kDuration{
    {"a duration such as 250ms, 2s, 10m or 1h", kDurationPattern}, read_duration_above_zero, print_duration};
constinit const Scalar<Duration> kDurationOrZero{
    {"a duration such as 0s, 250ms, 2s or 10m", kDurationPattern}, read_duration, print_duration};
constinit const Scalar<std::uint64_t> kSize{
    {"a size such as 512B, 32KiB, 8MiB or 1MB", "^[1-9][0-9]*(B|KiB|MiB|GiB|kB|KB|MB|GB)$"},
    [](const Form&, std::string_view text) -> Reading<std::uint64_t> {
        const auto bytes = parse_number(text, kSizeStyle);
        if (bytes.value && *bytes.value < 1) return out_of_range("must be at least 1B");
        return bytes.then([](double n) { return static_cast<std::uint64_t>(n); });
    },
    [](const Form&, const std::uint64_t& value) {
        return in_largest_unit(value, {{{1U << 30, "GiB"}, {1U << 20, "MiB"}, {1U << 10, "KiB"}, {1, "B"}}});
    }};
constinit const Scalar<double> kRate{
    {"a rate such as 20/s, 1200/min or 5/h", kRatePattern}, read_rate, [](const Form&, const double& value) {
        for (const auto& [factor, unit] : {std::pair{60.0, "/min"}, {1.0, "/s"}, {3600.0, "/h"}}) {
            const double count = std::round(value * factor);
            if (count >= 1 && std::abs(value * factor - count) < 1e-9 * count) return fmt::format("{}{}", count, unit);
        }
        return fmt::format("{}/s", value);
    }};
constinit const Scalar<RateConfig> kBucket{
    {"a rate such as 20/s, 1200/min or 5/h", kRatePattern},
    [](const Form& form, std::string_view text) {
        return read_rate(form, text).then([](double rate) { return RateConfig{rate, default_burst(rate)}; });
    },
    print_nothing<RateConfig>};
constinit const Scalar<RateConfig> kTokenBucket{
    {"a rate such as 600k/min", kTokenRatePattern}, read_token_bucket, print_nothing<RateConfig>};
constinit const Scalar<TokenLimitConfig> kTokens{
    {"a rate such as 600k/min", kTokenRatePattern},
    [](const Form& form, std::string_view text) {
        return read_token_bucket(form, text).then([](const RateConfig& both) {
            return TokenLimitConfig{both, {}, {}};
        });
    },
    print_nothing<TokenLimitConfig>};
constinit const Scalar<upstream::StatusRange> kStatuses{
    {"a status such as 200, or a range such as 200-299", "^[1-5][0-9][0-9](-[1-5][0-9][0-9])?$"},
    [](const Form& form, std::string_view text) -> Reading<upstream::StatusRange> {
        const auto status_in = [](std::string_view digits) {
            int status = 0;
            const auto end = std::from_chars(digits.data(), digits.data() + digits.size(), status);
            return digits.size() == 3 && end.ptr == digits.data() + 3 && status < 600 ? status : 0;
        };
        const std::size_t dash = std::min(text.find('-'), text.size());
        const upstream::StatusRange range{status_in(text.substr(0, dash)),
                                          status_in(dash == text.size() ? text : text.substr(dash + 1))};
        if (range.min >= 100 && range.min <= range.max) return range;
        return Fault{"bad-status", fmt::format("must be {}", form.what)};
    },
    [](const Form&, const upstream::StatusRange& range) {
        return range.min == range.max ? fmt::format("{}", range.min) : fmt::format("{}-{}", range.min, range.max);
    }};
constinit const Scalar<double> kPercent{
    {"a percentage such as 5% or 99.5%", "^[0-9]+(\\.[0-9]+)?%$"}, read_percent, [](const Form&, const double& value) {
        return fmt::format("{}%", std::round(value * 1e8) / 1e6);
    }};
constinit const Scalar<double> kRatio{
    {"a number from 0 to 2, such as 0.9", "^[0-9]+(\\.[0-9]+)?$", JsonType::number},
    [](const Form&, std::string_view text) -> Reading<double> {
        auto number = parse_number(text, Style{kPlain, "a number such as 0.9", "", true});
        if (number.value > 2.0) return out_of_range("must be at most 2, which is a full queue");
        return number;
    },
    [](const Form&, const double& value) { return fmt::format("{}", std::round(value * 1e6) / 1e6); }};

}  // namespace weir::policy
