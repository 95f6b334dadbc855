#include <gtest/gtest.h>

#include "support/scene.hpp"

namespace weir::admission {
namespace {

using test::make_class;
using test::make_config;
using test::Scene;

TEST(JudgeShadow, APolicyInShadowAdmitsEverythingAndReportsWhatItWouldHaveDone) {
    auto config = make_config({make_class(0)}, {1});
    config.mode = Mode::shadow;
    Scene scene(config);
    EXPECT_FALSE(scene.arrive(0).decision().shadow);
    const Place& second = scene.arrive(0);
    EXPECT_EQ(second.standing(), Standing::running);
    EXPECT_TRUE(second.decision().shadow);
    EXPECT_EQ(second.decision().verdict, Verdict::admit);
    EXPECT_EQ(second.decision().reason, Reason::admitted_after_wait);
    EXPECT_EQ(second.decision().retry_after, 0s);
    EXPECT_FALSE(scene.refuse_early(test::make_ask(0)));
}

TEST(JudgeShadow, AClassWithoutAQueueOrAQueueTimeoutWouldHaveRefused) {
    auto config = make_config({make_class(0), make_class(1)}, {1});
    config.classes[0].config.queue_timeout = 0s;
    config.classes[1].config.queue = 0;
    config.classes[0].config.mode = config.classes[1].config.mode = Mode::shadow;
    Scene scene(config);
    scene.arrive(0);
    EXPECT_EQ(scene.arrive(0).decision().reason, Reason::queue_timeout);
    EXPECT_EQ(scene.arrive(1).decision().reason, Reason::queue_full);
    EXPECT_EQ(scene.places.back().standing(), Standing::running);
}

TEST(JudgeShadow, RequestsRunPastTheGateCountAsTheQueueThatWouldHaveFormed) {
    auto config = make_config({make_class(0)}, {2});
    config.mode = Mode::shadow;
    config.classes[0].config.queue = 3;
    Scene scene(config);
    for (int i = 0; i < 2; ++i) EXPECT_FALSE(scene.arrive(0).decision().shadow);
    std::vector<Place*> waiting;
    for (int i = 0; i < 3; ++i) {
        waiting.push_back(&scene.arrive(0));
        EXPECT_EQ(waiting.back()->decision().reason, Reason::admitted_after_wait);
    }
    EXPECT_EQ(scene.arrive(0).decision().reason, Reason::queue_full);
    scene.finish(*waiting.front());
    EXPECT_EQ(scene.arrive(0).decision().reason, Reason::admitted_after_wait);
}

TEST(JudgeShadow, AdmitsARequestEvenAfterItsDeadline) {
    auto config = make_config({make_class(0)}, {1});
    config.mode = Mode::shadow;
    Scene scene(config);
    Ask ask = test::make_ask(0);
    ask.deadline = scene.clock.now();
    EXPECT_EQ(scene.arrive(ask).standing(), Standing::running);
}

TEST(JudgeShadow, ChoosesTheLeastLoadedEndpoint) {
    auto config = make_config({make_class(0)}, {10, 20});
    config.mode = Mode::shadow;
    Scene scene(config);
    scene.flood(0, 60);
    EXPECT_EQ(scene.counts().endpoints[0].inflight, 20U);
    EXPECT_EQ(scene.counts().endpoints[1].inflight, 40U);
}

TEST(JudgeShadow, WithoutAnyEndpointEvenAShadowWaits) {
    auto config = make_config({make_class(0)}, {1});
    config.mode = Mode::shadow;
    Scene scene(config);
    scene.set_available(0, false);
    EXPECT_EQ(scene.arrive(0).standing(), Standing::waiting);
}

TEST(JudgeShadow, AClassInShadowMarksRequestsOverItsLimits) {
    auto config = make_config({make_class(0)}, {10});
    config.classes[0].config.mode = Mode::shadow;
    config.classes[0].config.limits.requests = RateConfig{1, 1};
    Scene scene(config);
    scene.arrive(0);
    const Place& over = scene.arrive(0);
    EXPECT_EQ(over.standing(), Standing::running);
    EXPECT_TRUE(over.decision().shadow);
    EXPECT_EQ(over.decision().reason, Reason::class_rate);
}

TEST(JudgeShadow, ALimitInShadowIsNoWayAroundTheQueue) {
    auto config = make_config({make_class(0)}, {1});
    config.classes[0].config.limits = {RateConfig{0.001, 1}, std::nullopt, Mode::shadow};
    config.classes[0].config.queue = 1;
    Scene scene(config);
    Place& running = scene.arrive(0);
    const Place& marked = scene.arrive(0);
    EXPECT_EQ(marked.standing(), Standing::waiting);
    EXPECT_TRUE(marked.decision().shadow);
    const Place& refused = scene.arrive(0);
    EXPECT_EQ(refused.decision().reason, Reason::queue_full);
    EXPECT_FALSE(refused.decision().shadow) << "a live refusal wins";
    scene.finish(running);
    EXPECT_EQ(marked.decision().verdict, Verdict::admit);
    EXPECT_EQ(marked.decision().reason, Reason::class_rate);
}

}  // namespace
}  // namespace weir::admission
