#include "admission/learn/gauge_evidence.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace weir::admission {
namespace {

using namespace std::chrono_literals;

constexpr TimePoint kStart = TimePoint{} + 1h;

struct Readings {
    GaugeEvidence evidence;
    TimePoint now = kStart;

    void read(const EngineGauges& gauges, std::uint64_t context = 0, Duration after = 1s) {
        now += after;
        evidence.read(gauges, context, now);
    }
    [[nodiscard]] std::uint32_t slots() const { return evidence.slots(1024, now); }
    [[nodiscard]] std::uint64_t cache(std::uint64_t limit = 800'000) const { return evidence.cache(limit, now); }
};

TEST(GaugeEvidence, AnEngineThatLetsRequestsWaitAndRunsNoMoreHasShownItsSlots) {
    Readings readings;
    readings.read({256, 5, {}});
    readings.read({256, 9, {}});
    EXPECT_EQ(readings.slots(), 1024U) << "twice may be chance";
    readings.read({256, 9, {}});
    EXPECT_EQ(readings.slots(), 256U);
    EXPECT_EQ(readings.evidence.slots(100, readings.now), 100U) << "it never raises a limit";
}

TEST(GaugeEvidence, PromptsThatWaitForAStepSayNothing) {
    Readings readings;
    for (const double running : {120.0, 131.0, 126.0, 118.0, 140.0, 140.0, 119.0}) readings.read({running, 4, {}});
    for (int i = 0; i < 10; ++i) readings.read({120, 1, {}});
    EXPECT_EQ(readings.slots(), 1024U);
}

TEST(GaugeEvidence, AnEngineThatRunsMoreHasMore) {
    Readings readings;
    for (int i = 0; i < 3; ++i) readings.read({64, 9, {}});
    EXPECT_EQ(readings.slots(), 64U);
    readings.read({200, 9, {}});
    EXPECT_EQ(readings.slots(), 200U);
}

TEST(GaugeEvidence, WhatIsShownIsTriedAgainSlowly) {
    Readings readings;
    for (int i = 0; i < 3; ++i) readings.read({100, 9, {}});
    for (int i = 0; i < 50; ++i) readings.read({90, 0, {}});
    EXPECT_NEAR(readings.slots(), 164, 2);
}

TEST(GaugeEvidence, TheCacheIsWhatIsCountedByTheShareInUse) {
    Readings readings;
    readings.read({{}, {}, 0.2}, 80'000);
    EXPECT_EQ(readings.cache(), 800'000U) << "too little to tell";
    for (int i = 0; i < 5; ++i) readings.read({{}, {}, 0.5}, 200'000);
    EXPECT_EQ(readings.cache(), 400'000U);
    EXPECT_EQ(readings.cache(420'000), 420'000U) << "within what an estimate may be wrong";
    EXPECT_EQ(readings.cache(300'000), 300'000U);
    EXPECT_EQ(readings.cache(0), 400'000U) << "where no limit is told";
}

TEST(GaugeEvidence, OldReadingsSayNothing) {
    Readings readings;
    for (int i = 0; i < 3; ++i) readings.read({64, 9, 0.5}, 100'000);
    EXPECT_EQ(readings.evidence.slots(1024, readings.now + 5s), 64U);
    EXPECT_EQ(readings.evidence.slots(1024, readings.now + 5s + 1ns), 1024U);
    EXPECT_EQ(readings.evidence.cache(800'000, readings.now + 6s), 800'000U);
    // It may be another engine by then.
    readings.read({64, 9, {}}, 0, 10s);
    EXPECT_EQ(readings.slots(), 1024U);
}

TEST(GaugeEvidence, NonsenseSaysNothing) {
    Readings readings;
    for (int i = 0; i < 5; ++i) {
        readings.read({-1, 9, {}});
        readings.read({64, NAN, 1.5}, 100'000);
        readings.read({INFINITY, 9, -0.5}, 100'000);
        readings.read({{}, 9, NAN}, 100'000);
        readings.read({});
    }
    EXPECT_EQ(readings.slots(), 1024U);
    EXPECT_EQ(readings.cache(), 800'000U);
}

}  // namespace
}  // namespace weir::admission
