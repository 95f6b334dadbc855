#include "ai/quota_fields.hpp"

#include <gtest/gtest.h>

#include <initializer_list>
#include <string>
#include <utility>

#include "ai/rate_fields.hpp"

namespace weir::ai {
namespace {

using namespace std::chrono_literals;

constexpr auto kNow = std::chrono::sys_days(std::chrono::year(2026) / 1 / 31) + 23h + 59min + 50s;

QuotaReport read(int status, std::initializer_list<std::pair<std::string_view, std::string_view>> fields) {
    QuotaFields reader(status, kNow);
    for (const auto& [name, value] : fields) reader.add(name, value);
    return reader.report();
}

std::optional<Duration> retry_after(std::string_view name, std::string_view value) {
    return read(429, {{name, value}}).retry_after;
}

TEST(QuotaFields, ReadLengthsInAllTheirForms) {
    EXPECT_EQ(read_length("0s"), 0s);
    EXPECT_EQ(read_length("20ms"), 20ms);
    EXPECT_EQ(read_length("1.5s"), 1500ms);
    EXPECT_EQ(read_length("6m0s"), 6min);
    EXPECT_EQ(read_length("1h0m2s"), 1h + 2s);
    EXPECT_EQ(read_length("17"), 17s);
    EXPECT_EQ(read_length("0.25"), 250ms);
    EXPECT_EQ(read_length("1d2h"), 24h) << "cut at a day";
}

TEST(QuotaFields, IgnoreWhatIsNoLength) {
    for (const char* text : {"", "s", "-1s", "+1s", "1x", "1s2", "0s2", "nan", "inf", "1e9s", "1..5s", ".5s", " 1s",
                             "1s ", "0x10", "11111111111111111111111111111111111111s"}) {
        EXPECT_EQ(read_length(text), std::nullopt) << text;
    }
    EXPECT_EQ(read_length("99999999999999999999d"), 24h);
}

TEST(QuotaFields, ReadInstants) {
    EXPECT_EQ(read_rfc3339("2026-01-31T23:59:50Z"), kNow);
    EXPECT_EQ(read_rfc3339("2026-02-01T01:59:50.250+02:00"), kNow + 250ms);
    EXPECT_EQ(read_http_date("Sat, 31 Jan 2026 23:59:50 GMT"), kNow);
}

TEST(QuotaFields, IgnoreWhatIsNoInstant) {
    for (const char* text :
         {"", "2026-02-30T00:00:00Z", "2026-01-31T24:00:00Z", "2026-01-31T23:59:50", "1969-12-31T00:00:00Z",
          "9999-12-31T00:00:00Z", "2026-01-31T23:59:50+1:00", "2026-01-31X23:59:50Z"}) {
        EXPECT_EQ(read_rfc3339(text), std::nullopt) << text;
    }
    for (const char* text : {"", "Sat, 31 Foo 2026 23:59:50 GMT", "Saturday, 31-Jan-26 23:59:50 GMT",
                             "Sat, 31 anF 2026 23:59:50 GMT", "Sat, 31 Jan 2026 23:59:50 CET"}) {
        EXPECT_EQ(read_http_date(text), std::nullopt) << text;
    }
}

TEST(QuotaFields, CallRefusalsWhatSaysThatWaitingHelps) {
    EXPECT_TRUE(read(429, {}).refused);
    for (const int status : {503, 529}) {
        EXPECT_TRUE(read(status, {{"retry-after", "1"}}).refused) << status;
        EXPECT_FALSE(read(status, {}).refused) << status << ": it may be down";
        EXPECT_TRUE(read(status, {}).failed) << status;
    }
    for (const int status : {200, 400, 401, 500, 502, 504}) {
        EXPECT_FALSE(read(status, {{"retry-after", "1"}}).refused) << status;
    }
}

TEST(QuotaFields, ReadWhenToRetry) {
    EXPECT_EQ(retry_after("Retry-After", "3"), 3s);
    EXPECT_EQ(retry_after("retry-after", "Sun, 01 Feb 2026 00:00:00 GMT"), 10s);
    EXPECT_EQ(retry_after("retry-after", "Sat, 31 Jan 2026 00:00:00 GMT"), 0s) << "it has passed";
    EXPECT_EQ(retry_after("retry-after-ms", "125"), 125ms);
    EXPECT_EQ(retry_after("retry-after", "soon"), std::nullopt);
    EXPECT_EQ(retry_after("retry-after", "-3"), std::nullopt);
    EXPECT_EQ(retry_after("retry-after", "999999999999"), 24h);
}

TEST(QuotaFields, PreferTheMoreExactWayToSayWhenToRetry) {
    EXPECT_EQ(read(429, {{"retry-after-ms", "125"}, {"retry-after", "1"}}).retry_after, 125ms);
    EXPECT_EQ(read(429, {{"x-ratelimit-reset", "9"}, {"retry-after", "1"}}).retry_after, 1s);
}

TEST(QuotaFields, TakeTheResetOfAnEmptyQuotaWhereNothingElseSaysWhenToRetry) {
    EXPECT_EQ(read(429, {{"x-ratelimit-remaining-requests", "0"},
                         {"x-ratelimit-reset-requests", "2s"},
                         {"x-ratelimit-remaining-tokens", "100"},
                         {"x-ratelimit-reset-tokens", "5s"}})
                  .retry_after,
              2s);
    EXPECT_EQ(retry_after("x-ratelimit-reset", "4"), 4s);
    EXPECT_EQ(retry_after("X-RateLimit-Reset", "1769904000"), 10s) << "a Unix time";
    EXPECT_EQ(retry_after("x-ratelimit-reset", "1769904000500"), 10500ms) << "in milliseconds";
    EXPECT_EQ(read(200, {{"x-ratelimit-reset", "4"}}).retry_after, std::nullopt);
}

TEST(QuotaFields, ReadWhatRateFieldsWrite) {
    const RatesLeft left{{60, 59, 1500ms}, {1000, 900, 6min}, {500, 0, 5s}, {400, 1, 3s}};
    for (const Dialect dialect : {Dialect::openai, Dialect::anthropic}) {
        const RateFields written(dialect, left, kNow);
        QuotaFields reader(200, kNow);
        for (std::string_view text = written.text(); !text.empty(); text.remove_prefix(text.find('\n') + 1)) {
            const std::size_t colon = text.find(": ");
            reader.add(text.substr(0, colon), text.substr(colon + 2, text.find('\r') - colon - 2));
        }
        const QuotaReport report = reader.report();
        const bool anthropic = dialect == Dialect::anthropic;
        // Anthropic's instants are whole seconds, rounded up.
        EXPECT_EQ(report.requests, (QuotaLeft{60, 59, anthropic ? 2s : 1500ms}));
        if (!anthropic) continue;
        EXPECT_EQ(report.tokens, (QuotaLeft{1000, 900, 6min}));
        EXPECT_EQ(report.input, (QuotaLeft{500, 0, 5s}));
        EXPECT_EQ(report.output, (QuotaLeft{400, 1, 3s}));
    }
}

TEST(QuotaFields, IgnoreHostileValues) {
    EXPECT_EQ(read(200, {{"x-ratelimit-limit-requests", "-1"},
                         {"x-ratelimit-remaining-requests", "18446744073709551616"},
                         {"x-ratelimit-reset-requests", "nan"},
                         {"x-ratelimit-limit-tokens", "1e3"},
                         {"x-ratelimit-a-name-that-goes-on-and-on-and-on-requests", "1"},
                         {"anthropic-ratelimit-a-name-that-goes-on-and-on-and-on", "1"},
                         {"anthropic-ratelimit-requests-reset", "9999-99-99T99:99:99Z"},
                         {"", "1"}}),
              QuotaReport{});
}

}  // namespace
}  // namespace weir::ai
