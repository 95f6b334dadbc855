#include "ai/rate_fields.hpp"

#include <gtest/gtest.h>

namespace weir::ai {
namespace {

using namespace std::chrono_literals;

constexpr auto kNow = std::chrono::sys_days(std::chrono::year(2026) / 1 / 31) + 23h + 59min + 50s;

std::string fields(Dialect dialect, const RatesLeft& left) {
    return std::string(RateFields(dialect, left, kNow).text());
}

// As written in OpenAI's field.
std::string length(Duration value) {
    constexpr std::string_view kName = "x-ratelimit-reset-requests: ";
    const std::string all = fields(Dialect::openai, {{60, 59, value}, {}, {}, {}});
    const std::size_t begin = all.find(kName) + kName.size();
    return all.substr(begin, all.size() - begin - 2);
}

TEST(RateFields, WriteLengthsAsOpenAiDoes) {
    EXPECT_EQ(length(0s), "0s");
    EXPECT_EQ(length(20ms), "20ms");
    EXPECT_EQ(length(999'000'001ns), "1s");
    EXPECT_EQ(length(1s), "1s");
    EXPECT_EQ(length(8640ms), "8.64s");
    EXPECT_EQ(length(6min), "6m0s");
    EXPECT_EQ(length(2h + 5s + 7ms), "2h0m5.007s");
    EXPECT_EQ(length(-5s), "0s");
}

TEST(RateFields, UseOpenAisNames) {
    EXPECT_EQ(
        fields(Dialect::openai, {{60, 59, 1s}, {150'000, 149'984, 6min}, {}, {}}),
        "x-ratelimit-limit-requests: 60\r\nx-ratelimit-remaining-requests: 59\r\nx-ratelimit-reset-requests: 1s\r\n"
        "x-ratelimit-limit-tokens: 150000\r\nx-ratelimit-remaining-tokens: 149984\r\n"
        "x-ratelimit-reset-tokens: 6m0s\r\n");
    EXPECT_EQ(
        fields(Dialect::generic, {{60, 59, 1s}, {}, {}, {}}),
        "x-ratelimit-limit-requests: 60\r\nx-ratelimit-remaining-requests: 59\r\nx-ratelimit-reset-requests: 1s\r\n");
    EXPECT_EQ(fields(Dialect::openai, {}), "");
}

TEST(RateFields, ReportTheScarcestTokensUnderTheOneName) {
    EXPECT_EQ(fields(Dialect::openai, {{}, {}, {100, 50, 1s}, {10, 5, 2s}}),
              "x-ratelimit-limit-tokens: 10\r\nx-ratelimit-remaining-tokens: 5\r\nx-ratelimit-reset-tokens: 2s\r\n");
}

TEST(RateFields, FitTheLargestNumbers) {
    constexpr RateLeft kLargest{UINT64_MAX, UINT64_MAX, Duration::max()};
    EXPECT_TRUE(fields(Dialect::openai, {kLargest, kLargest, kLargest, kLargest})
                    .ends_with("x-ratelimit-remaining-tokens: 18446744073709551615\r\nx-ratelimit-reset-tokens: "
                               "2562047h47m16.855s\r\n"));
    constexpr RateLeft kLate{UINT64_MAX, UINT64_MAX, 200 * 365 * 24h};
    EXPECT_TRUE(fields(Dialect::anthropic, {kLate, kLate, kLate, kLate})
                    .ends_with("anthropic-ratelimit-output-tokens-remaining: 18446744073709551615\r\n"
                               "anthropic-ratelimit-output-tokens-reset: 2225-12-14T23:59:50Z\r\n"));
}

TEST(RateFields, UseAnthropicsNamesWithInstants) {
    EXPECT_EQ(fields(Dialect::anthropic, {{60, 59, 10s}, {}, {}, {8000, 7000, 1500ms}}),
              "anthropic-ratelimit-requests-limit: 60\r\nanthropic-ratelimit-requests-remaining: 59\r\n"
              "anthropic-ratelimit-requests-reset: 2026-02-01T00:00:00Z\r\n"
              "anthropic-ratelimit-output-tokens-limit: 8000\r\nanthropic-ratelimit-output-tokens-remaining: 7000\r\n"
              "anthropic-ratelimit-output-tokens-reset: 2026-01-31T23:59:52Z\r\n");
}

}  // namespace
}  // namespace weir::ai
