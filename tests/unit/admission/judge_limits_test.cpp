#include <gtest/gtest.h>

#include "support/scene.hpp"

namespace weir::admission {
namespace {

using test::make_class;
using test::make_config;
using test::Scene;

JudgeConfig limited(LimitConfig of_class, LimitConfig per_client, std::uint32_t slots = 100) {
    auto config = make_config({make_class(0)}, {slots});
    config.classes[0].config.limits = of_class;
    config.classes[0].config.per_client = per_client;
    return config;
}

TEST(JudgeLimits, RefusesWithTheBucketsExactWait) {
    Scene scene(limited({RateConfig{2, 1}, {}}, {}));
    scene.arrive(0);
    scene.clock.advance(100ms);
    const Place& refused = scene.arrive(0);
    EXPECT_EQ(refused.standing(), Standing::ended);
    EXPECT_EQ(refused.decision().reason, Reason::class_rate);
    EXPECT_EQ(refused.decision().gate, Gate::class_rate);
    EXPECT_EQ(refused.decision().retry_after, 400ms);
    EXPECT_EQ(scene.refuse_early(test::make_ask(0))->reason, Reason::class_rate);
}

TEST(JudgeLimits, ReportsTheExactWaitHoweverLong) {
    Scene scene(limited({RateConfig{0.001, 1}, {}}, {}));
    scene.arrive(0);
    EXPECT_EQ(scene.arrive(0).decision().retry_after, 1000s);
}

TEST(JudgeLimits, ConcurrencyCountsQueuedRequestsToo) {
    Scene scene(limited({}, {std::nullopt, 2}, 1));
    Place& running = scene.arrive(0, 1);
    Place& waiting = scene.arrive(0, 1);
    EXPECT_EQ(waiting.standing(), Standing::waiting);
    EXPECT_EQ(scene.arrive(0, 1).decision().reason, Reason::client_concurrency);
    EXPECT_EQ(scene.arrive(0, 2).standing(), Standing::waiting);
    scene.leave(waiting);
    EXPECT_EQ(scene.arrive(0, 1).standing(), Standing::waiting);
    scene.finish(running);
    EXPECT_EQ(scene.arrive(0, 1).standing(), Standing::waiting);
}

TEST(JudgeLimits, ARefusalForOverloadOnArrivalChargesNothing) {
    auto config = limited({RateConfig{1, 2}, {}}, {}, 1);
    config.classes[0].config.queue = 0;
    Scene scene(config);
    scene.arrive(0);
    for (int i = 0; i < 5; ++i) EXPECT_EQ(scene.arrive(0).decision().reason, Reason::queue_full);
    EXPECT_DOUBLE_EQ(scene.counts().classes[0].bucket_fill, 0.5);
}

TEST(JudgeLimits, EarlyRefusalReservesNothing) {
    Scene scene(limited({RateConfig{1, 2}, {}}, {std::nullopt, 1}));
    for (int i = 0; i < 5; ++i) EXPECT_FALSE(scene.refuse_early(test::make_ask(0)));
    EXPECT_DOUBLE_EQ(scene.counts().classes[0].bucket_fill, 1);
    EXPECT_EQ(scene.counts().classes[0].clients, 0U);
}

TEST(JudgeLimits, AClassOverItsLimitsReservesNoHeadroom) {
    auto config = make_config({make_class(0, Priority::critical), make_class(1, Priority::low)}, {10});
    config.classes[0].config.limits.concurrency = 0;
    Scene scene(config);
    scene.flood(0, 5);
    EXPECT_EQ(scene.flood(1, 10), 10);
}

}  // namespace
}  // namespace weir::admission
