#include "admission/learn/slot_backoff.hpp"

#include <gtest/gtest.h>

namespace weir::admission {
namespace {

using namespace std::chrono_literals;

constexpr TimePoint kStart = TimePoint{} + 1h;

// Seconds of first tokens of the best class, ten in each.
struct Seconds {
    SlotBackoff backoff;
    TimePoint now = kStart;

    void pass(int seconds, Duration first_token, std::uint32_t inflight = 200, double waiting = 0,
              std::uint64_t ahead = 100) {
        for (int i = 0; i < 10 * seconds; ++i) {
            now += 101ms;
            backoff.first_token({first_token, ahead, inflight, waiting}, 2s, now);
        }
    }
};

TEST(SlotBackoff, LeavesTheLimitWhileFirstTokensAreAsUsual) {
    Seconds seconds;
    seconds.pass(60, 50ms);
    EXPECT_EQ(seconds.backoff.of(1024), 1024U);
}

TEST(SlotBackoff, FindsWhatAFullEngineTakes) {
    Seconds seconds;
    seconds.pass(20, 50ms, 256);
    seconds.pass(2, 1s, 276, 20);  // 256 of them run
    EXPECT_NEAR(seconds.backoff.of(1024), 256, 3);
    EXPECT_EQ(seconds.backoff.of(64), 64U) << "never more than the limit";
}

TEST(SlotBackoff, ComesBackWhenFirstTokensDo) {
    Seconds seconds;
    seconds.pass(20, 50ms, 256);
    seconds.pass(2, 1s, 276, 20);
    seconds.pass(12, 50ms, 200);
    EXPECT_GT(seconds.backoff.of(1024), 300U);
    EXPECT_LT(seconds.backoff.of(1024), 400U);
    seconds.pass(60, 50ms, 200);
    EXPECT_EQ(seconds.backoff.of(1024), 1024U);
}

TEST(SlotBackoff, IsNotMovedByPromptsThatExplainTheWait) {
    Seconds seconds;
    // 100 us a token: prompts that take ten times as long are ten times as many.
    for (int i = 0; i < 30; ++i) {
        seconds.pass(1, 30ms + 10ms, 200, 3, 100);
        seconds.pass(1, 30ms + 100ms, 200, 3, 1'000);
    }
    seconds.pass(5, 30ms + 400ms, 200, 10, 4'000);
    EXPECT_EQ(seconds.backoff.of(1024), 1024U);
}

TEST(SlotBackoff, IsNotMovedByWhatTheSloDoesNotMind) {
    Seconds seconds;
    seconds.pass(20, 10ms);
    seconds.pass(20, 50ms, 276, 20);  // five times as long, and 2 % of the slo
    EXPECT_EQ(seconds.backoff.of(1024), 1024U);
}

TEST(SlotBackoff, WhatStaysLateBecomesUsual) {
    Seconds seconds;
    seconds.pass(20, 50ms);
    seconds.pass(600, 500ms, 100, 1);
    EXPECT_EQ(seconds.backoff.of(1024), 1024U);
}

TEST(SlotBackoff, LeavesAtLeastOneSlot) {
    Seconds seconds;
    seconds.pass(20, 50ms, 1);
    seconds.pass(5, 30s, 1, 1);
    EXPECT_GE(seconds.backoff.of(1024), 1U);
}

}  // namespace
}  // namespace weir::admission
