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
        for (int i = 0; i < times; ++i) state.probed(success, health);
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
    state.request_succeeded();
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

TEST_F(HealthStateTest, AnEjectionEndsAtItsInstantWithACleanSlate) {
    fail(5);
    state.tick(kStart + 10s - 1ns);
    EXPECT_FALSE(state.available());
    state.tick(kStart + 10s);
    EXPECT_TRUE(state.available());
    EXPECT_FALSE(fail(4));
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
