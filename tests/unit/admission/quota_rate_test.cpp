#include "admission/learn/quota_rate.hpp"

#include <gtest/gtest.h>

#include "support/virtual_time.hpp"

namespace weir::admission {
namespace {

using namespace std::chrono_literals;
using test::kStart;

constexpr Duration kOutcome = 10ms;

// Sends as the pace allows.
struct PacedSender {
    QuotaRate rate;
    std::uint64_t last = 0;
    TimePoint now = kStart;

    // `count` requests, of which every `nth` is refused; 0: none.
    void send(std::uint64_t count, std::uint64_t nth = 0) {
        for (std::uint64_t i = 0; i < count; ++i) {
            now = std::max(now, rate.next());
            rate.sent(++last, now);
            if (nth > 0 && last % nth == 0) rate.refused(last, now, now);
            rate.update(kOutcome, now);
        }
        now += kOutcome;
        rate.update(kOutcome, now);
    }
};

PacedSender settled(double at) {
    PacedSender sender;
    sender.rate.set(at, 0, kStart);
    return sender;
}

TEST(QuotaRate, IsNoneBeforeTheFirstRefusal) {
    PacedSender sender;
    sender.send(1000);
    EXPECT_EQ(sender.rate.rate(), std::nullopt);
}

TEST(QuotaRate, StartsAtWhatTheLastSecondSent) {
    PacedSender sender;
    for (int i = 0; i < 200; ++i) {
        sender.now += 10ms;
        sender.rate.sent(++sender.last, sender.now);
    }
    sender.rate.start(sender.last, sender.now);
    EXPECT_NEAR(*sender.rate.rate(), 100, 2);
}

TEST(QuotaRate, DoublesEveryHalfSecondFromThere) {
    PacedSender sender;
    sender.rate.start(0, kStart);
    while (sender.now < kStart + 3s) sender.send(1);
    EXPECT_GT(*sender.rate.rate(), 25);
    EXPECT_LE(*sender.rate.rate(), 64);
}

TEST(QuotaRate, StopsDoublingAtFourRefusals) {
    PacedSender sender;
    sender.rate.start(0, kStart);
    while (sender.now < kStart + 3s) sender.send(1);
    sender.send(8, 2);
    const double then = *sender.rate.rate();
    sender.send(20);
    EXPECT_LE(*sender.rate.rate(), then);
}

TEST(QuotaRate, PacesRequests) {
    PacedSender sender = settled(50);
    sender.send(100);
    EXPECT_NEAR(seconds(sender.now - kStart), 100 / 50.0, 0.1);
}

TEST(QuotaRate, FollowsWhatIsAccepted) {
    PacedSender sender = settled(100);
    sender.send(12, 3);
    EXPECT_NEAR(*sender.rate.rate(), 100 * (1 - 1 / 3.0 + QuotaRate::kRefused), 0.01);
}

TEST(QuotaRate, StaysWhereTwoPercentAreRefused) {
    PacedSender sender = settled(100);
    sender.send(5000, 50);
    EXPECT_NEAR(*sender.rate.rate(), 100, 15);
}

TEST(QuotaRate, GrowsFasterTheLongerNothingIsRefused) {
    PacedSender sender = settled(100);
    sender.send(3 * 33);
    const double slowly = *sender.rate.rate() / 100;
    EXPECT_GT(slowly, 1.02);
    EXPECT_LT(slowly, 1.10);
    sender.send(12 * 33);
    EXPECT_GT(*sender.rate.rate(), 200);
}

TEST(QuotaRate, DoesNotGrowWhileItKeepsNoneWaiting) {
    PacedSender sender = settled(100);
    for (int i = 0; i < 1000; ++i) {
        sender.now += 100ms;
        sender.send(1);
    }
    EXPECT_EQ(*sender.rate.rate(), 100);
    EXPECT_NEAR(seconds(sender.rate.idle()), 110, 15);
}

TEST(QuotaRate, IsKeptWithinAWindowAndLiftedAfterIt) {
    PacedSender sender = settled(100);
    sender.rate.keep();
    sender.send(1000);
    EXPECT_NEAR(*sender.rate.rate(), 102, 0.01);
    sender.rate.lift();
    sender.send(1000);
    EXPECT_NEAR(*sender.rate.rate(), 102 * 1.1, 0.01);
}

TEST(QuotaRate, CountsNothingWhileSuspended) {
    PacedSender sender = settled(100);
    sender.rate.suspend();
    sender.send(500, 1);
    EXPECT_EQ(*sender.rate.rate(), 100);
}

}  // namespace
}  // namespace weir::admission
