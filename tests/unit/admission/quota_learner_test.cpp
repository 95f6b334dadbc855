#include "admission/learn/quota_learner.hpp"

#include <gtest/gtest.h>

#include "support/quota_provider.hpp"

namespace weir::admission {
namespace {

using namespace std::chrono_literals;
using test::kStart;
using test::QuotaRun;
using test::QuotaWorld;

constexpr QuotaReport kRefusal{.refused = true};

TEST(QuotaLearner, LimitsNoRateBeforeTheFirstRefusal) {
    QuotaWorld world({}, {.service = 100ms}, 1);
    const QuotaRun run = world.run(30s);
    EXPECT_EQ(run.refused, 0U);
    EXPECT_EQ(world.learner().rate(), std::nullopt);
    EXPECT_EQ(world.learner().concurrency(), 512U) << "it has grown from `start`";
}

TEST(QuotaLearner, AllowsStartRequestsAtFirst) {
    QuotaLearner learner({.start = 3}, kStart);
    EXPECT_TRUE(learner.may_send(2, kStart));
    EXPECT_FALSE(learner.may_send(3, kStart));
}

TEST(QuotaLearner, CountsABurstOfRefusalsOnce) {
    QuotaLearner learner({.start = 32}, kStart);
    for (std::uint32_t i = 0; i < 32; ++i) (void)learner.sent(i, kStart);
    for (std::uint64_t number = 11; number <= 32; ++number) learner.refused(number, kRefusal, kStart + 20ms);
    EXPECT_EQ(learner.rate(), 10.0) << "what was accepted in a second";
    EXPECT_LE(*learner.next_send(), kStart + 120ms) << "and no pause";
}

TEST(QuotaLearner, TriesOneAtATimeWhileNothingIsAccepted) {
    QuotaWorld world({.at_once = 1}, {.way = 5ms, .service = 1h, .spread = 0}, 1);
    world.run(60s);
    const QuotaRun run = world.run(60s);
    EXPECT_EQ(run.accepted, 0U);
    EXPECT_GE(run.refused, 25U) << "so that recovery is seen within two seconds";
    EXPECT_LE(run.refused, 35U);
}

TEST(QuotaLearner, ComesBackWithinSecondsAfterAnOutage) {
    QuotaWorld world({.rate = 100, .burst = 10}, {}, 1);
    world.run(30s);
    world.set_quota({.rate = 1e-9, .burst = 0});
    world.run(120s);
    world.set_quota({.rate = 100, .burst = 10});
    world.run(5s);
    EXPECT_GE(world.run(10s).accepted, 950U);
}

TEST(QuotaLearner, BelievesRetryAfterWhereItIsRight) {
    QuotaWorld world({.per_window = 600}, {}, 1);
    const QuotaRun unguided = world.run(60s);
    QuotaWorld guided({.per_window = 600}, {}, 1);
    guided.refusal_report = [&guided](TimePoint) {
        return QuotaReport{.refused = true, .retry_after = guided.until_next_window()};
    };
    const QuotaRun run = guided.run(60s);
    EXPECT_EQ(run.accepted, 600U);
    EXPECT_LT(run.refused + 8, unguided.refused);
}

TEST(QuotaLearner, IgnoresARetryAfterThatIsRoundedUp) {
    QuotaWorld world({.rate = 100, .burst = 10}, {}, 1);
    world.refusal_report = [](TimePoint) { return QuotaReport{.refused = true, .retry_after = 10s}; };
    world.run(10s);
    EXPECT_GE(world.run(60s).accepted, 5'700U);
}

TEST(QuotaLearner, BelievesAnEmptyQuotaThatIsOneUntilItsReset) {
    QuotaWorld world({.per_window = 120}, {.service = 100ms}, 1);
    world.answer_report = [&world](TimePoint) {
        return QuotaReport{
            .requests = {.limit = 120, .remaining = world.left_in_window(), .reset = world.until_next_window()}};
    };
    world.run(240s);
    const QuotaRun run = world.run(240s);
    EXPECT_GE(run.accepted, 460U);
    EXPECT_LE(run.refused_share(), 0.02);
}

TEST(QuotaLearner, IgnoresTheResetOfAQuotaThatComesBackBitByBit) {
    QuotaWorld world({.rate = 10, .burst = 20}, {}, 1);
    world.answer_report = [](TimePoint) {
        return QuotaReport{.requests = {.limit = 600, .remaining = 0, .reset = 60s}};
    };
    world.run(60s);
    EXPECT_GE(world.run(120s).accepted, 1'150U);
}

TEST(QuotaLearner, KeepsWhatItLearnedWithinNewBounds) {
    QuotaWorld world({.at_once = 100}, {}, 1);
    world.run(60s);
    QuotaLearner learner = world.learner();
    EXPECT_NEAR(learner.concurrency(), 100, 4);
    learner.reconfigure({.start = 32, .max = 50});
    EXPECT_EQ(learner.concurrency(), 50U);
}

}  // namespace
}  // namespace weir::admission
