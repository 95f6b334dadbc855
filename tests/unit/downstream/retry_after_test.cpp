#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "downstream/reply.hpp"

namespace weir::downstream {
namespace {

using namespace std::chrono_literals;

TEST(JitteredRetryAfter, SpreadsOverloadHalfEitherWay) {
    EXPECT_EQ(jittered_retry_after(Reason::line_full, 4s, 0), 2s);
    EXPECT_EQ(jittered_retry_after(Reason::line_full, 4s, 0.5), 4s);
    EXPECT_LT(jittered_retry_after(Reason::line_full, 4s, 0.999), 6s);
}

TEST(JitteredRetryAfter, SendsNobodyBackBeforeTheirBucketHasFilled) {
    EXPECT_EQ(jittered_retry_after(Reason::client_rate, 4s, 0), 4s);
    EXPECT_EQ(jittered_retry_after(Reason::class_rate, 4s, 0.5), 5s);
}

TEST(JitteredRetryAfter, IsNeverAboveWhatSdksObey) {
    EXPECT_EQ(jittered_retry_after(Reason::client_rate, 50s, 0.9), 50s);
    EXPECT_EQ(jittered_retry_after(Reason::line_full, 24h, 0), 50s);
}

RC_GTEST_PROP(JitteredRetryAfterProperty, StaysWithinItsBounds, (std::uint32_t draw)) {
    const auto base = std::chrono::milliseconds(*rc::gen::inRange(1, 60'000));
    const double random = draw / 4294967296.0;
    const ReasonInfo row = kReasons[*rc::gen::inRange<std::size_t>(0, kReasonCount)];
    const Duration advice = jittered_retry_after(row.reason, base, random);
    const bool is_contract = row.group == ReasonGroup::contract;
    RC_ASSERT(advice <= Duration(50s));
    RC_ASSERT(advice >= std::min<Duration>(is_contract ? Duration(base) : Duration(base) / 2, 50s) - 1ns);
    RC_ASSERT(advice <= Duration(base) * 3 / 2);
}

}  // namespace
}  // namespace weir::downstream
