#include "admission/rate_limit/token_bucket.hpp"

#include <gtest/gtest.h>

#include "support/virtual_time.hpp"

namespace weir::admission {
namespace {

const BucketRate kTenASecond({.per_second = 10, .burst = 5});

class TokenBucketTest : public testing::Test {
protected:
    int take_all() {
        int taken = 0;
        while (bucket.try_take(kTenASecond, 1, clock.now())) ++taken;
        return taken;
    }

    test::VirtualClock clock;
    TokenBucket bucket;
};

TEST_F(TokenBucketTest, StartsFull) {
    EXPECT_DOUBLE_EQ(bucket.fill(kTenASecond, clock.now()), 1);
    EXPECT_EQ(take_all(), 5);
}

TEST_F(TokenBucketTest, EarnsItsRate) {
    take_all();
    clock.advance(300ms);
    EXPECT_EQ(take_all(), 3);
}

TEST_F(TokenBucketTest, NeverSavesMoreThanItsBurst) {
    take_all();
    clock.advance(1h);
    EXPECT_EQ(take_all(), 5);
}

TEST_F(TokenBucketTest, RefusingChangesNothing) {
    take_all();
    const TimePoint before = bucket.full_at();
    EXPECT_FALSE(bucket.try_take(kTenASecond, 1, clock.now()));
    EXPECT_EQ(bucket.full_at(), before);
}

TEST_F(TokenBucketTest, WaitIsExact) {
    take_all();
    clock.advance(30ms);
    const Duration wait = bucket.wait(kTenASecond, 1, clock.now());
    EXPECT_EQ(wait, 70ms);
    EXPECT_FALSE(bucket.would_take(kTenASecond, 1, clock.now() + wait - 1ns));
    EXPECT_TRUE(bucket.would_take(kTenASecond, 1, clock.now() + wait));
}

TEST_F(TokenBucketTest, ARequestLargerThanTheBurstWaitsForAFullBucket) {
    EXPECT_TRUE(bucket.try_take(kTenASecond, 100, clock.now()));
    EXPECT_DOUBLE_EQ(bucket.level(kTenASecond, clock.now()), 0);
    EXPECT_EQ(bucket.wait(kTenASecond, 100, clock.now()), 500ms);
}

TEST_F(TokenBucketTest, AClockThatStepsBackEarnsNothing) {
    take_all();
    EXPECT_FALSE(bucket.would_take(kTenASecond, 1, clock.now() - 1s));
}

TEST_F(TokenBucketTest, KeepsItsFillLevelAcrossANewRate) {
    bucket = TokenBucket(clock.now() + 300ms);  // 3 of 5 missing
    const BucketRate slow({.per_second = 1, .burst = 50});
    bucket.rescale(kTenASecond, slow, clock.now());
    EXPECT_NEAR(bucket.fill(slow, clock.now()), 0.4, 1e-9);
}

TEST(BucketRate, TakesAWholeBurstAtRatesThatDoNotDivideASecond) {
    const BucketRate rate({.per_second = 3000.0 / 7, .burst = 300});
    TokenBucket bucket;
    int taken = 0;
    while (bucket.try_take(rate, 1, test::kStart)) ++taken;
    EXPECT_EQ(taken, 300);
}

TEST(BucketRate, SurvivesTheSlowestRates) {
    const BucketRate rate({.per_second = 1e-12, .burst = 1e9});
    TokenBucket bucket;
    EXPECT_TRUE(bucket.try_take(rate, 1e9, test::kStart));
    EXPECT_FALSE(bucket.would_take(rate, 1, test::kStart + 1h));
}

}  // namespace
}  // namespace weir::admission
