#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "admission/advice.hpp"

namespace weir::admission {
namespace {

constexpr RefusalConfig kDefault;

TEST(Advise, SpreadsOverloadHalfEitherWay) {
    EXPECT_EQ(advise(Reason::queue_full, 4s, kDefault, 0).retry_after, 2s);
    EXPECT_EQ(advise(Reason::queue_full, 4s, kDefault, 0.5).retry_after, 4s);
    EXPECT_LT(advise(Reason::queue_full, 4s, kDefault, 0.999).retry_after, 6s);
}

TEST(Advise, NeverAdvisesARetryBeforeTheBucketHasFilled) {
    EXPECT_EQ(advise(Reason::client_rate, 4s, kDefault, 0).retry_after, 4s);
    EXPECT_EQ(advise(Reason::class_rate, 4s, kDefault, 0.5).retry_after, 5s);
    EXPECT_FALSE(advise(Reason::client_rate, 4s, kDefault, 0).do_not_retry);
}

TEST(Advise, AdvisesAgainstRetryingWhenTheBucketFillsTooLate) {
    const Advice advice = advise(Reason::client_rate, 1h, kDefault, 0.5);
    EXPECT_TRUE(advice.do_not_retry);
    EXPECT_EQ(advice.retry_after, 43'750ms);
    EXPECT_FALSE(advise(Reason::client_rate, 50s, kDefault, 0.5).do_not_retry);
}

TEST(Advise, AdvisesAgainstRetryingOnOverloadWhereThePolicySaysSo) {
    RefusalConfig refusal;
    EXPECT_FALSE(advise(Reason::displaced, 5s, refusal, 0.5).do_not_retry);
    refusal.tell_no_retry = true;
    EXPECT_TRUE(advise(Reason::displaced, 5s, refusal, 0.5).do_not_retry);
    EXPECT_FALSE(advise(Reason::class_rate, 5s, refusal, 0.5).do_not_retry);
    EXPECT_FALSE(advise(Reason::draining, 5s, refusal, 0.5).do_not_retry);
}

RC_GTEST_PROP(AdviseProperty, StaysWithinItsBounds, (std::uint32_t draw)) {
    const Duration wait = std::chrono::milliseconds(*rc::gen::inRange(1, 120'000));
    RefusalConfig refusal;
    refusal.retry_after_max = std::chrono::milliseconds(*rc::gen::inRange(1, 50'001));
    const ReasonInfo row = kReasons[*rc::gen::inRange<std::size_t>(0, kReasonCount)];
    const Advice advice = advise(row.reason, wait, refusal, draw / 4294967296.0);
    const bool is_limit = row.group == ReasonGroup::limits;
    RC_ASSERT(advice.retry_after > Duration::zero());
    RC_ASSERT(advice.retry_after <= refusal.retry_after_max);
    RC_ASSERT(advice.retry_after <= wait * 3 / 2);
    if (is_limit && wait <= refusal.retry_after_max) RC_ASSERT(advice.retry_after >= wait);
    if (!is_limit) RC_ASSERT(advice.retry_after >= std::min(wait / 2, refusal.retry_after_max));
}

}  // namespace
}  // namespace weir::admission
