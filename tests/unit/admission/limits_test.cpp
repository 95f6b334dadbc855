#include "admission/rate_limit/limits.hpp"

#include <gtest/gtest.h>

#include "support/virtual_time.hpp"

namespace weir::admission {
namespace {

constexpr TimePoint kNow = test::kStart;

ClassConfig limits(LimitConfig of_class, LimitConfig per_client) {
    ClassConfig config;
    config.limits = of_class;
    config.per_client = per_client;
    return config;
}

LimitConfig rate(double per_second, double burst, Mode mode = Mode::enforce) {
    return {RateConfig{per_second, burst}, std::nullopt, mode};
}

LimitConfig concurrency(std::uint32_t limit, Mode mode = Mode::enforce) { return {std::nullopt, limit, mode}; }

// Admits one request if the limits allow it.
bool admit(ClassLimits& class_limits, ClientKey client) {
    if (class_limits.check(client, kNow).live) return false;
    Reservation reservation;
    class_limits.charge(class_limits.enter(client, kNow), kNow, {}, reservation);
    return true;
}

TEST(ClassLimits, WithoutLimitsAllowsEverything) {
    ClassLimits class_limits(limits({}, {}), 8, kNow);
    for (int i = 0; i < 100; ++i) EXPECT_TRUE(admit(class_limits, 1));
}

TEST(ClassLimits, AClientOverItsRateCostsTheClassNothing) {
    ClassLimits class_limits(limits(rate(1, 4), rate(1, 2)), 8, kNow);
    EXPECT_TRUE(admit(class_limits, 1));
    EXPECT_TRUE(admit(class_limits, 1));
    const auto over = class_limits.check(1, kNow).live;
    ASSERT_TRUE(over);
    EXPECT_EQ(over->reason, Reason::client_rate);
    EXPECT_DOUBLE_EQ(over->limit, 2);
    EXPECT_DOUBLE_EQ(over->observed, 3);
    EXPECT_EQ(over->wait, 1s);
    EXPECT_DOUBLE_EQ(class_limits.fill(kNow), 0.5);
}

TEST(ClassLimits, AClassOverItsRateCostsTheClientNothing) {
    ClassLimits class_limits(limits(rate(1, 1), rate(1, 2)), 8, kNow);
    EXPECT_TRUE(admit(class_limits, 1));
    EXPECT_EQ(class_limits.check(2, kNow).live->reason, Reason::class_rate);
    EXPECT_TRUE(class_limits.clients().look(2).buckets[Meter::requests].is_full(kNow));
}

TEST(ClassLimits, CountsPresentRequests) {
    ClassLimits class_limits(limits(concurrency(3), concurrency(2)), 8, kNow);
    const ClientSlot slot = class_limits.enter(1, kNow);
    (void)class_limits.enter(1, kNow);
    EXPECT_EQ(class_limits.check(1, kNow).live->reason, Reason::client_concurrency);
    (void)class_limits.enter(2, kNow);
    EXPECT_EQ(class_limits.check(3, kNow).live->reason, Reason::class_concurrency);
    class_limits.leave(slot);
    EXPECT_FALSE(class_limits.check(3, kNow).live);
}

TEST(ClassLimits, AShadowLimitNeverHidesALiveOne) {
    ClassLimits class_limits(limits(rate(1, 2), rate(1, 1, Mode::shadow)), 8, kNow);
    EXPECT_TRUE(admit(class_limits, 1));
    const auto marked = class_limits.check(1, kNow);
    EXPECT_FALSE(marked.live);
    EXPECT_EQ(marked.shadow->reason, Reason::client_rate);
    EXPECT_TRUE(admit(class_limits, 1));
    const auto refused = class_limits.check(1, kNow);
    EXPECT_EQ(refused.live->reason, Reason::class_rate);
}

TEST(ClassLimits, KeepsCountsAndFillLevelsAcrossAReload) {
    ClassLimits class_limits(limits(rate(1, 4), {}), 8, kNow);
    EXPECT_TRUE(admit(class_limits, 1));
    EXPECT_TRUE(admit(class_limits, 1));
    class_limits.reconfigure(limits({RateConfig{10, 100}, 2}, rate(1, 1)), kNow);
    EXPECT_NEAR(class_limits.fill(kNow), 0.5, 1e-9);
    EXPECT_EQ(class_limits.check(2, kNow).live->reason, Reason::class_concurrency);
    class_limits.reconfigure(limits({}, rate(1, 1)), kNow);
    EXPECT_TRUE(admit(class_limits, 1)) << "a new rate starts with a full bucket";
}

}  // namespace
}  // namespace weir::admission
