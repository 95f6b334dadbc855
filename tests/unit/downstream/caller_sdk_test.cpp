// What a caller's SDK says of a request beside it.

#include <gtest/gtest.h>

#include "downstream/exchange/caller.hpp"
#include "support/exchange_parts.hpp"

namespace weir::downstream {
namespace {

using test::Arrival;
using test::get_of;
using test::OneClient;
using namespace std::chrono_literals;

struct Waits {
    std::string_view value;
    std::optional<Duration> timeout;
};

TEST(Identify, ReadsHowLongTheCallersSdkWaits) {
    for (const Waits& row : {
             Waits{"1", 1s},
             {"0.25", 250ms},
             {"86400", 24h},
             {"86401", std::nullopt},
             {"0", std::nullopt},
             {"-1", std::nullopt},
             {"nan", std::nullopt},
             {"inf", std::nullopt},
             {"1 s", std::nullopt},
             {"1s", std::nullopt},
             {"", std::nullopt},
         }) {
        OneClient one;
        const std::string field = "X-Stainless-Read-Timeout: " + std::string(row.value) + "\r\n";
        const Arrival arrival(one, get_of("/", field));
        const auto deadline = arrival.caller.ask.deadline;
        EXPECT_EQ(deadline.has_value(), row.timeout.has_value()) << row.value;
        if (deadline && row.timeout) {
            EXPECT_EQ(*deadline - arrival.outcome.arrived, *row.timeout) << row.value;
        }
    }
}

TEST(Identify, TakesARequestForARetryWhenItsSdkHasCounted) {
    for (const auto& [value, count] : {std::pair{"0", 0U}, {"1", 1U}, {"7", 7U}, {"x", 0U}, {"-1", 0U}}) {
        OneClient one;
        const Arrival arrival(one, get_of("/", "X-Stainless-Retry-Count: " + std::string(value) + "\r\n"));
        EXPECT_EQ(arrival.outcome.record.retry_count, count) << value;
        EXPECT_EQ(arrival.caller.ask.retry, count > 0) << value;
    }
}

}  // namespace
}  // namespace weir::downstream
