// Requests that bypass the queue, and jobs that go on after their answer.
#include <gtest/gtest.h>

#include "support/scene.hpp"

namespace weir::admission {
namespace {

using test::Scene;

Ask question(EndpointId endpoint = kNoEndpoint) {
    Ask ask = test::make_ask(0);
    ask.bypasses_queue = true;
    ask.endpoint = endpoint;
    return ask;
}

JudgeConfig one_slot() {
    JudgeConfig config = test::make_config({test::make_class(0)}, {1});
    config.classes[0].config.limits.concurrency = 2;
    return config;
}

TEST(Bypass, DoesNotWaitForQueuedRequests) {
    Scene scene(one_slot());
    Place& running = scene.arrive(0);
    Place& waiting = scene.arrive(0);
    EXPECT_EQ(waiting.standing(), Standing::waiting);
    Place& asked = scene.arrive(question());
    EXPECT_EQ(asked.standing(), Standing::running);
    EXPECT_EQ(asked.decision().reason, Reason::exempt);
    EXPECT_EQ(scene.counts().endpoints[0].inflight, 1U) << "it takes no slot";
    scene.finish(asked);
    EXPECT_EQ(asked.standing(), Standing::ended);
    EXPECT_EQ(waiting.standing(), Standing::waiting);
    scene.finish(running);
    EXPECT_EQ(waiting.standing(), Standing::running);
}

TEST(Bypass, HasItsOwnBound) {
    Scene scene(one_slot());
    for (std::uint32_t i = 0; i < law::kMaxBypassing; ++i) {
        ASSERT_EQ(scene.arrive(question()).standing(), Standing::running);
    }
    const Place& last = scene.arrive(question());
    EXPECT_EQ(last.standing(), Standing::ended);
    EXPECT_EQ(last.decision().reason, Reason::queue_full);
    scene.finish(scene.places.front());
    EXPECT_EQ(scene.arrive(question()).standing(), Standing::running);
}

TEST(Bypass, RunsOnlyWhereItsAnswerIs) {
    Scene scene(test::make_config({test::make_class(0)}, {1, 1}));
    EXPECT_EQ(scene.arrive(question(EndpointId{1})).decision().endpoint, EndpointId{1});
    EXPECT_EQ(scene.arrive(question(EndpointId{1})).decision().endpoint, EndpointId{1});
    scene.set_available(1, false);
    EXPECT_EQ(scene.arrive(question(EndpointId{1})).decision().reason, Reason::no_endpoint);
    EXPECT_EQ(scene.arrive(question()).decision().endpoint, EndpointId{0});
}

TEST(Bypass, IsRefusedWhenItsEndpointIsLost) {
    Scene scene(one_slot());
    Place& asked = scene.arrive(question());
    EXPECT_FALSE(scene.requeue(asked));
    EXPECT_EQ(asked.standing(), Standing::ended);
}

TEST(HandOver, KeepsTheSlotUntilTheJobIsOver) {
    Scene scene(one_slot());
    Ask ask = test::make_ask(0);
    ask.prompt_tokens = 50;
    Place& creating = scene.arrive(ask);
    Place job;
    scene.judge.hand_over(creating, job, scene.clock.now(), scene.changes);
    EXPECT_EQ(creating.standing(), Standing::ended);
    EXPECT_EQ(job.standing(), Standing::running);
    EXPECT_EQ(scene.counts().endpoints[0].inflight, 1U);
    EXPECT_EQ(scene.counts().endpoints[0].prompt_tokens, 0U);
    Place& next = scene.arrive(0);
    EXPECT_EQ(next.standing(), Standing::waiting);
    EXPECT_EQ(scene.arrive(0).decision().reason, Reason::class_concurrency) << "the job counts as present";
    scene.finish(job);
    EXPECT_EQ(next.standing(), Standing::running);
    scene.finish(next);
    EXPECT_EQ(scene.counts().endpoints[0].inflight, 0U);
    EXPECT_EQ(scene.counts().endpoints[0].context_tokens, 0U);
}

TEST(HandOver, SpendsTheVideoAtItsEnd) {
    JudgeConfig config = one_slot();
    config.endpoints[0].requests = 4;
    config.classes[0].config.limits.concurrency.reset();
    config.classes[0].config.limits.video = RateConfig{1.0 / 60, 10};
    Scene scene(config);
    Ask ask = test::make_ask(0);
    ask.video_seconds = 8;
    Place& creating = scene.arrive(ask);
    EXPECT_EQ(scene.arrive(ask).decision().reason, Reason::class_video);
    Place job;
    scene.judge.hand_over(creating, job, scene.clock.now(), scene.changes);
    EXPECT_EQ(scene.arrive(ask).decision().reason, Reason::class_video);
    scene.finish(job);
    EXPECT_NEAR(scene.judge.allowance(ask, scene.clock.now()).of[4].remaining, 2, 1e-6);
}

}  // namespace
}  // namespace weir::admission
