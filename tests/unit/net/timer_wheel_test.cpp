#include "net/timer_wheel.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <optional>

#include "support/loop.hpp"
#include "support/virtual_time.hpp"

namespace weir::net {
namespace {

using namespace std::chrono_literals;
using test::kStart;

class TimerWheelTest : public testing::Test {
protected:
    bool fires_at(TimePoint now) {
        wheel.advance(now);
        return probe.take_wake();
    }
    // When it fires if the wheel is driven as by the loop.
    std::optional<TimePoint> fires() {
        while (const auto next = wheel.next()) {
            if (fires_at(*next)) return next;
        }
        return std::nullopt;
    }

    EventLoop loop;
    TimerWheel wheel{kStart};
    test::Probe probe{loop};
    Timer timer{wheel, probe};
};

TEST_F(TimerWheelTest, FiresNeverEarlyAndWithinATick) {
    for (const Duration wait :
         {Duration(1), Duration(1ms), Duration(4ms), Duration(4ms + 1ns), Duration(5ms), Duration(1s)}) {
        const TimePoint when = kStart + 10s + wait;
        wheel.advance(kStart + 10s);
        TimerWheel fresh(kStart + 10s);
        Timer one(fresh, probe);
        one.set(when);
        fresh.advance(when - 1ns);
        EXPECT_FALSE(probe.take_wake()) << wait.count();
        fresh.advance(when + TimerWheel::kTick);
        EXPECT_TRUE(probe.take_wake()) << wait.count();
        EXPECT_EQ(one.when(), TimePoint::max());
    }
}

TEST_F(TimerWheelTest, FiresOnce) {
    timer.set(kStart + 5ms);
    EXPECT_TRUE(fires_at(kStart + 20ms));
    EXPECT_FALSE(fires_at(kStart + 60s));
    EXPECT_EQ(wheel.next(), std::nullopt);
}

TEST_F(TimerWheelTest, CanBeSetAgainWhenItFires) {
    timer.set(kStart + 5ms);
    EXPECT_TRUE(fires_at(kStart + 20ms));
    timer.set(kStart + 30ms);
    EXPECT_FALSE(fires_at(kStart + 29ms));
    EXPECT_TRUE(fires_at(kStart + 34ms));
}

TEST_F(TimerWheelTest, MovesLaterWithoutFiringAtTheOldInstant) {
    timer.set(kStart + 10ms);
    timer.set(kStart + 1s);
    EXPECT_FALSE(fires_at(kStart + 999ms));
    EXPECT_TRUE(fires_at(kStart + 1004ms));
}

TEST_F(TimerWheelTest, MovesEarlierAtOnce) {
    timer.set(kStart + 1s);
    timer.set(kStart + 10ms);
    EXPECT_TRUE(fires_at(kStart + 14ms));
}

TEST_F(TimerWheelTest, MovesLaterAndThenHalfwayBack) {
    timer.set(kStart + 10ms);
    timer.set(kStart + 2s);
    timer.set(kStart + 1s);
    const auto fired = fires();
    ASSERT_TRUE(fired);
    EXPECT_GE(*fired, kStart + 1s);
    EXPECT_LE(*fired, kStart + 1s + TimerWheel::kTick);
}

TEST_F(TimerWheelTest, WaitsLongerThanOneRound) {
    for (const Duration wait : {Duration(8188ms), Duration(8192ms), Duration(8196ms), Duration(10min), Duration(30h)}) {
        test::Probe far_probe(loop);
        TimerWheel fresh(kStart);
        Timer far(fresh, far_probe);
        far.set(kStart + wait);
        TimePoint now = kStart;
        while (const auto next = fresh.next()) {
            now = *next;
            fresh.advance(now);
            if (far_probe.take_wake()) break;
        }
        EXPECT_GE(now, kStart + wait);
        EXPECT_LE(now, kStart + wait + TimerWheel::kTick);
    }
}

TEST_F(TimerWheelTest, FiresAtOnceForAnInstantInThePast) {
    wheel.advance(kStart + 1s);
    timer.set(kStart);
    EXPECT_TRUE(fires_at(kStart + 1s + TimerWheel::kTick));
}

TEST_F(TimerWheelTest, FiresAfterASleepOfManyRounds) {
    timer.set(kStart + 100ms);
    test::Probe later_probe(loop);
    Timer later(wheel, later_probe);
    later.set(kStart + 2h);
    EXPECT_TRUE(fires_at(kStart + 1h));
    EXPECT_FALSE(later_probe.take_wake());
    wheel.advance(kStart + 2h + TimerWheel::kTick);
    EXPECT_TRUE(later_probe.take_wake());
}

TEST_F(TimerWheelTest, ServesATimerSetAfterALongIdleTime) {
    // No timer, no advance: the wheel's own time stood still.
    const TimePoint now = kStart + 3h;
    timer.set(now + 10ms);
    const auto fired = fires();
    ASSERT_TRUE(fired);
    EXPECT_LE(*fired, now + 10ms + TimerWheel::kTick);
}

TEST_F(TimerWheelTest, DoesNotFireOnceCleared) {
    timer.set(kStart + 10ms);
    timer.clear();
    EXPECT_FALSE(fires_at(kStart + 60s));
    timer.set(kStart + 61s);
    EXPECT_TRUE(fires_at(kStart + 62s));
}

TEST_F(TimerWheelTest, CanBeSetAgainWhileClearedInItsSlot) {
    timer.set(kStart + 1s);
    timer.clear();
    timer.set(kStart + 500ms);
    EXPECT_TRUE(fires_at(kStart + 504ms));
    timer.set(kStart + 2s);
    timer.clear();
    timer.set(kStart + 3s);
    EXPECT_FALSE(fires_at(kStart + 2999ms));
    EXPECT_TRUE(fires_at(kStart + 3004ms));
}

TEST_F(TimerWheelTest, NeverFiresAtTheLastPossibleInstant) {
    timer.set(TimePoint::max());
    EXPECT_EQ(wheel.next(), std::nullopt);
    timer.set(kStart + 10ms);
    timer.set(TimePoint::max());
    EXPECT_FALSE(fires_at(kStart + 1h));
}

TEST_F(TimerWheelTest, ForgetsATimerDestroyedWhileSet) {
    auto gone = std::make_unique<Timer>(wheel, probe);
    gone->set(kStart + 10ms);
    gone.reset();
    EXPECT_FALSE(fires_at(kStart + 1s));
}

TEST_F(TimerWheelTest, FiresAllDueTimersTogether) {
    test::Probe other_probe(loop);
    Timer other(wheel, other_probe);
    timer.set(kStart + 10ms);
    other.set(kStart + 11ms);
    EXPECT_TRUE(fires_at(kStart + 16ms));
    EXPECT_TRUE(other_probe.take_wake());
}

}  // namespace
}  // namespace weir::net
