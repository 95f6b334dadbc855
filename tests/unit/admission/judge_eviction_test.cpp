// Eviction: a class that is `preemptible` loses its newest running requests to a better one that has waited long.

#include <gtest/gtest.h>

#include "support/scene.hpp"

namespace weir::admission {
namespace {

using test::make_class;
using test::make_config;
using test::Scene;

constexpr int kTop = 0;
constexpr int kBulk = 1;

JudgeConfig preemptible(std::uint32_t slots) {
    JudgeConfig config =
        make_config({make_class(kTop, Priority::critical), make_class(kBulk, Priority::sheddable)}, {slots});
    config.classes[kTop].config.queue_timeout = 2s;
    config.classes[kTop].config.queue = 100;
    config.classes[kBulk].config.preemptible = true;
    config.classes[kBulk].config.queue_timeout = 1h;
    return config;
}

int evicted(const Scene& scene) {
    int count = 0;
    for (const Place& place : scene.places) count += place.evicted() ? 1 : 0;
    return count;
}

TEST(Eviction, TakesTheNewestOnceABetterClassHasWaitedHalfItsQueueTimeout) {
    Scene scene(preemptible(4));
    scene.flood(kBulk, 4);
    Place& top = scene.arrive(kTop);
    ASSERT_EQ(top.standing(), Standing::waiting);
    EXPECT_EQ(scene.judge.next_expiry(), scene.clock.now() + 1s);
    scene.expire_after(1s - 1ns);
    EXPECT_EQ(evicted(scene), 0);
    scene.changes.clear();
    scene.expire_after(1ns);
    Place& newest = scene.places[3];
    EXPECT_EQ(scene.changes, Changes{&newest});
    EXPECT_TRUE(newest.evicted());
    EXPECT_EQ(newest.standing(), Standing::running);  // until it ends, its slot is taken
    EXPECT_EQ(newest.eviction().reason, Reason::evicted);
    EXPECT_DOUBLE_EQ(newest.eviction().limit, 1);
    EXPECT_DOUBLE_EQ(newest.eviction().observed, 1);
    EXPECT_EQ(newest.decision().endpoint, EndpointId{0});
    scene.finish(newest);
    EXPECT_EQ(top.standing(), Standing::running);
    EXPECT_FALSE(newest.evicted());
}

TEST(Eviction, WaitsForEvictedRequestsToEndBeforeEvictingMore) {
    Scene scene(preemptible(4));
    scene.flood(kBulk, 4);
    scene.arrive(kTop);
    scene.arrive(kTop);
    scene.expire_after(1s);
    EXPECT_EQ(evicted(scene), 1);  // 5 % of 4, but at least one
    scene.expire_after(100ms);
    EXPECT_EQ(evicted(scene), 1);
    scene.finish(scene.places[3]);
    EXPECT_EQ(evicted(scene), 1);  // the next: the first of the two is served, the second still waits
    EXPECT_TRUE(scene.places[2].evicted());
}

TEST(Eviction, TakesAtMostFivePercentAtOnce) {
    Scene scene(preemptible(100));
    scene.flood(kBulk, 100);
    for (int i = 0; i < 50; ++i) scene.arrive(kTop);
    scene.expire_after(1s);
    EXPECT_EQ(evicted(scene), 5);
}

TEST(Eviction, IsOffByDefaultAndSparesEqualAndBetterClassesAndGuarantees) {
    JudgeConfig off = preemptible(4);
    off.classes[kBulk].config.preemptible = false;
    JudgeConfig equal = preemptible(4);
    equal.classes[kBulk].config.priority = Priority::critical;
    JudgeConfig guaranteed = preemptible(4);
    guaranteed.classes[kBulk].config.guarantee = 1;
    for (const JudgeConfig& config : {off, equal, guaranteed}) {
        Scene scene(config);
        scene.flood(kBulk, 4);
        scene.arrive(kTop);
        scene.expire_after(1500ms);
        EXPECT_EQ(evicted(scene), 0);
    }
}

}  // namespace
}  // namespace weir::admission
