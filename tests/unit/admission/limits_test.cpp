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

// Lets one request in, if the contract allows it.
bool let_in(ClassLimits& contract, ClientKey client) {
    if (contract.check(client, kNow).live) return false;
    Reservation reservation;
    contract.charge(contract.enter(client, kNow), kNow, {}, reservation);
    return true;
}

TEST(ClassLimits, WithoutLimitsAllowsEverything) {
    ClassLimits limits(limits({}, {}), 8, kNow);
    for (int i = 0; i < 100; ++i) EXPECT_TRUE(let_in(contract, 1));
}

TEST(ClassLimits, AClientOverItsRateCostsTheClassNothing) {
    ClassLimits limits(limits(rate(1, 4), rate(1, 2)), 8, kNow);
    EXPECT_TRUE(let_in(contract, 1));
    EXPECT_TRUE(let_in(contract, 1));
    const auto over = contract.check(1, kNow).live;
    ASSERT_TRUE(over);
    EXPECT_EQ(over->reason, Reason::client_rate);
    EXPECT_DOUBLE_EQ(over->limit, 2);
    EXPECT_DOUBLE_EQ(over->observed, 3);
    EXPECT_EQ(over->wait, 1s);
    EXPECT_DOUBLE_EQ(contract.fill(kNow), 0.5);
}

TEST(ClassLimits, AClassOverItsRateCostsTheClientNothing) {
    ClassLimits limits(limits(rate(1, 1), rate(1, 2)), 8, kNow);
    EXPECT_TRUE(let_in(contract, 1));
    EXPECT_EQ(contract.check(2, kNow).live->reason, Reason::class_rate);
    EXPECT_TRUE(contract.clients().look(2).buckets[Meter::requests].is_full(kNow));
}

TEST(ClassLimits, CountsWhoIsPresent) {
    ClassLimits limits(limits(concurrency(3), concurrency(2)), 8, kNow);
    const ClientSlot slot = contract.enter(1, kNow);
    (void)contract.enter(1, kNow);
    EXPECT_EQ(contract.check(1, kNow).live->reason, Reason::client_concurrency);
    (void)contract.enter(2, kNow);
    EXPECT_EQ(contract.check(3, kNow).live->reason, Reason::class_concurrency);
    contract.leave(slot);
    EXPECT_FALSE(contract.check(3, kNow).live);
}

TEST(ClassLimits, AShadowLimitNeverHidesALiveOne) {
    ClassLimits limits(limits(rate(1, 2), rate(1, 1, Mode::shadow)), 8, kNow);
    EXPECT_TRUE(let_in(contract, 1));
    const auto marked = contract.check(1, kNow);
    EXPECT_FALSE(marked.live);
    EXPECT_EQ(marked.shadow->reason, Reason::client_rate);
    EXPECT_TRUE(let_in(contract, 1));
    const auto refused = contract.check(1, kNow);
    EXPECT_EQ(refused.live->reason, Reason::class_rate);
}

TEST(ClassLimits, KeepsCountsAndFillsOverAReload) {
    ClassLimits limits(limits(rate(1, 4), {}), 8, kNow);
    EXPECT_TRUE(let_in(contract, 1));
    EXPECT_TRUE(let_in(contract, 1));
    contract.reconfigure(limits({RateConfig{10, 100}, 2}, rate(1, 1)), kNow);
    EXPECT_NEAR(contract.fill(kNow), 0.5, 1e-9);
    EXPECT_EQ(contract.check(2, kNow).live->reason, Reason::class_concurrency);
    contract.reconfigure(limits({}, rate(1, 1)), kNow);
    EXPECT_TRUE(let_in(contract, 1)) << "a rate that is new starts with a full bucket";
}

}  // namespace
}  // namespace weir::admission
