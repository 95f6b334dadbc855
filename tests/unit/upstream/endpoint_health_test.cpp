#include <gtest/gtest.h>

#include "support/virtual_time.hpp"
#include "upstream/endpoint.hpp"

namespace weir::upstream {
namespace {

using namespace std::chrono_literals;
using test::kStart;

class HealthStateTest : public testing::Test {
protected:
    void probe(bool success, int times) {
        for (int i = 0; i < times; ++i) state.probed(success, health, kStart);
    }
    bool fail(int times) {
        bool ejected = false;
        for (int i = 0; i < times; ++i) ejected |= state.request_failed(ejection, true, kStart);
        return ejected;
    }

    HealthConfig health;      // falls after 3, rises after 2
    EjectionConfig ejection;  // after 5, for 10 s
    HealthState state;
};

TEST_F(HealthStateTest, IsAvailableUntilSomethingSaysOtherwise) { EXPECT_TRUE(state.available()); }

TEST_F(HealthStateTest, FallsAndRisesAfterEnoughProbesInARow) {
    probe(false, 2);
    EXPECT_TRUE(state.available());
    probe(false, 1);
    EXPECT_FALSE(state.available());
    probe(true, 1);
    EXPECT_FALSE(state.available());
    probe(true, 1);
    EXPECT_TRUE(state.available());
}

TEST_F(HealthStateTest, AContraryProbeEndsAStreak) {
    for (int i = 0; i < 5; ++i) {
        probe(false, 2);
        probe(true, 1);
    }
    EXPECT_TRUE(state.available());
    probe(false, 3);
    for (int i = 0; i < 5; ++i) {
        probe(true, 1);
        probe(false, 1);
    }
    EXPECT_FALSE(state.available());
}

TEST_F(HealthStateTest, IsEjectedAfterEnoughFailuresInARow) {
    EXPECT_FALSE(fail(4));
    EXPECT_TRUE(state.available());
    EXPECT_TRUE(fail(1));
    EXPECT_FALSE(state.available());
    EXPECT_FALSE(fail(5)) << "is already ejected";
}

TEST_F(HealthStateTest, ASuccessResetsTheFailures) {
    EXPECT_FALSE(fail(4));
    state.request_succeeded(kStart);
    EXPECT_EQ(state.failures(), 0U);
    EXPECT_FALSE(fail(4));
}

TEST_F(HealthStateTest, IsNeverEjectedWhenThatIsOffOrForbidden) {
    ejection.failures = 0;
    EXPECT_FALSE(fail(100));
    ejection.failures = 5;
    for (int i = 0; i < 100; ++i) EXPECT_FALSE(state.request_failed(ejection, false, kStart));
    EXPECT_TRUE(state.available());
    EXPECT_TRUE(fail(1)) << "as soon as it is allowed";
}

TEST_F(HealthStateTest, AnEjectionEndsAtItsInstantInATrial) {
    fail(5);
    state.tick(kStart + 10s - 1ns);
    EXPECT_FALSE(state.available());
    state.tick(kStart + 10s);
    EXPECT_TRUE(state.available());
    EXPECT_TRUE(state.intake(0s, kStart + 10s).trial);
    state.request_succeeded(kStart + 10s);
    EXPECT_FALSE(state.intake(0s, kStart + 10s).trial);
    EXPECT_FALSE(fail(4)) << "with a clean slate";
}

TEST_F(HealthStateTest, AFailureOnTrialEjectsForTwiceAsLongUpToEightTimes) {
    fail(5);
    TimePoint now = kStart;
    Duration length = 10s;
    for (const Duration next : {20s, 40s, 80s, 80s}) {
        now += length;
        state.tick(now - 1ns);
        EXPECT_FALSE(state.available());
        state.tick(now);
        EXPECT_TRUE(state.request_failed(ejection, false, now)) << "even the last one";
        length = next;
    }
}

TEST_F(HealthStateTest, LongCalmForgetsHowOftenItWasEjected) {
    fail(5);
    state.tick(kStart + 10s);
    state.request_failed(ejection, true, kStart + 10s);
    state.tick(kStart + 30s);
    state.request_succeeded(kStart + 30s);
    const TimePoint calm = kStart + 30s + 80s;
    for (int i = 0; i < 5; ++i) state.request_failed(ejection, true, calm);
    state.tick(calm + 10s);
    EXPECT_TRUE(state.available());
}

TEST_F(HealthStateTest, ComesBackWithATenthAndGrows) {
    EXPECT_EQ(state.intake(20s, kStart).share, 1) << "at the start of the process";
    probe(false, 3);
    probe(true, 2);
    EXPECT_EQ(state.intake(20s, kStart).share, 0.1);
    EXPECT_NEAR(state.intake(20s, kStart + 10s).share, 0.55, 0.01);
    EXPECT_EQ(state.intake(20s, kStart + 20s).share, 1);
    EXPECT_EQ(state.intake(0s, kStart).share, 1);
    EXPECT_EQ(state.intake(0s, kStart - 1ms).share, 1) << "by a clock that was read a little before";
    EXPECT_EQ(state.intake(20s, kStart - 1ms).share, 0.1);
}

TEST_F(HealthStateTest, ComesBackSlowlyFromATrialAndFromADrainToo) {
    fail(5);
    state.tick(kStart + 10s);
    state.request_succeeded(kStart + 10s);
    EXPECT_EQ(state.intake(20s, kStart + 10s).share, 0.1);
    EXPECT_EQ(state.intake(20s, kStart + 1min).share, 1);
    state.set_hand(HandSetting{.until = kStart + 2min}, kStart + 1min);
    EXPECT_FALSE(state.intake(20s, kStart + 1min).open);
    state.tick(kStart + 2min);
    EXPECT_TRUE(state.intake(20s, kStart + 2min).open);
    EXPECT_EQ(state.intake(20s, kStart + 2min).share, 0.1);
}

TEST_F(HealthStateTest, AWeightScalesItsShareUntilItIsCleared) {
    state.set_hand(HandSetting{.action = HandAction::weight, .weight = 0.5}, kStart);
    state.tick(kStart + 24h);
    EXPECT_EQ(state.intake(20s, kStart + 24h).share, 0.5);
    EXPECT_TRUE(state.available());
    state.set_hand(std::nullopt, kStart + 24h);
    EXPECT_EQ(state.intake(20s, kStart + 24h).share, 1);
}

TEST_F(HealthStateTest, AnEjectionByHandEndsInATrial) {
    state.set_hand(HandSetting{.action = HandAction::eject, .until = kStart + 10s}, kStart);
    EXPECT_FALSE(state.available());
    state.tick(kStart + 10s);
    EXPECT_TRUE(state.available());
    EXPECT_TRUE(state.on_trial());
}

TEST_F(HealthStateTest, BothSourcesMustAgreeThatItIsAvailable) {
    fail(5);
    probe(false, 3);
    state.tick(kStart + 10s);
    EXPECT_FALSE(state.available());
}

TEST_F(HealthStateTest, RisingAgainEndsAnEjection) {
    fail(5);
    probe(false, 3);
    probe(true, 2);
    EXPECT_TRUE(state.available());
    EXPECT_EQ(state.failures(), 0U);
}

TEST_F(HealthStateTest, ProbesThatNeverFailedEndNoEjection) {
    fail(5);
    probe(true, 10);
    EXPECT_FALSE(state.available());
}

}  // namespace
}  // namespace weir::upstream
