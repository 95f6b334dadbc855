#include <gtest/gtest.h>

#include "support/scene.hpp"

namespace weir::admission {
namespace {

using test::make_class;
using test::make_config;
using test::Scene;

TEST(JudgeReconfigure, RaisedLimitsServeWaitingRequests) {
    Scene scene(make_config({make_class(0)}, {1}));
    scene.flood(0, 3);
    scene.reconfigure(make_config({make_class(0)}, {2, 1}));
    EXPECT_EQ(scene.changes, (Changes{&scene.places[1], &scene.places[2]}));
}

TEST(JudgeReconfigure, AShortenedQueueShedsItsWorst) {
    Scene scene(make_config({make_class(0)}, {1}));
    scene.flood(0, 4);
    auto shorter = make_config({make_class(0)}, {1});
    shorter.classes[0].config.queue = 1;
    scene.reconfigure(shorter);
    EXPECT_EQ(scene.changes, (Changes{&scene.places[3], &scene.places[2]}));
    EXPECT_EQ(scene.places[3].decision().reason, Reason::queue_full);
}

TEST(JudgeReconfigure, ARemovedClassKeepsItsStandingAndDrains) {
    Scene scene(make_config({make_class(0, Priority::critical), make_class(1)}, {1}));
    Place& running = scene.arrive(0);
    Place& waiting = scene.arrive(0);
    Place& other = scene.arrive(1);
    scene.reconfigure(make_config({make_class(1)}, {1}));
    Place& classified_before = scene.arrive(0);
    EXPECT_EQ(classified_before.standing(), Standing::waiting);
    scene.finish(running);
    EXPECT_EQ(scene.changes, Changes{&waiting});
    scene.finish(waiting);
    scene.finish(classified_before);
    EXPECT_EQ(scene.changes, Changes{&other});
    EXPECT_EQ(scene.counts().classes.size(), 1U);
}

TEST(JudgeReconfigure, CountsAndBucketsCarryOverById) {
    auto config = make_config({make_class(0)}, {10});
    config.classes[0].config.limits.requests = RateConfig{1, 4};
    Scene scene(config);
    scene.flood(0, 2);
    auto next = make_config({make_class(1), make_class(0)}, {10});
    next.classes[1].config.limits.requests = RateConfig{10, 40};
    scene.reconfigure(next);
    const auto counts = scene.counts();
    EXPECT_EQ(counts.classes[1].id, ClassId{0});
    EXPECT_EQ(counts.classes[1].inflight, 2U);
    EXPECT_NEAR(counts.classes[1].bucket_fill, 0.5, 1e-9);
}

TEST(JudgeReconfigure, ARemovedEndpointTakesNoMoreRequestsAndDrains) {
    Scene scene(make_config({make_class(0)}, {1, 1}));
    scene.flood(0, 2);
    auto config = make_config({make_class(0)}, {1, 1});
    config.endpoints.erase(config.endpoints.begin());
    scene.reconfigure(config);
    Place& waiting = scene.arrive(0);
    Place* on_removed = &scene.places[0];
    if (on_removed->decision().endpoint != EndpointId{0}) on_removed = &scene.places[1];
    scene.finish(*on_removed);
    EXPECT_EQ(waiting.standing(), Standing::waiting);
    EXPECT_EQ(scene.counts().endpoints.size(), 1U);
}

}  // namespace
}  // namespace weir::admission
