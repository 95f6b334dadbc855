#include <gtest/gtest.h>

#include "support/scene.hpp"

namespace weir::admission {
namespace {

using test::make_class;
using test::make_config;
using test::Scene;

constexpr int kTop = 0;
constexpr int kBulk = 1;

// A top class and a bulk class on endpoints with these limits.
JudgeConfig two_classes(const std::vector<std::uint32_t>& endpoints) {
    return make_config({make_class(kTop, Priority::critical), make_class(kBulk, Priority::sheddable)}, endpoints);
}

TEST(Judge, AdmitsWhileThereIsASlot) {
    Scene scene(two_classes({2}));
    const Place& place = scene.arrive(kBulk);
    EXPECT_EQ(place.standing(), Standing::running);
    EXPECT_EQ(place.decision().verdict, Verdict::admit);
    EXPECT_EQ(place.decision().reason, Reason::admitted);
    EXPECT_EQ(place.decision().endpoint, EndpointId{0});
}

TEST(Judge, ALoneBulkClassMayUseEverything) {
    Scene scene(two_classes({10, 10}));
    EXPECT_EQ(scene.flood(kBulk, 20), 20);
}

TEST(Judge, BulkLeavesHeadroomWhileABetterClassIsActive) {
    Scene scene(two_classes({10}));
    scene.finish(scene.arrive(kTop));
    EXPECT_EQ(scene.flood(kBulk, 20), 8);
    EXPECT_EQ(scene.arrive(kTop).standing(), Standing::running);
}

TEST(Judge, HeadroomIsReleasedAfterAMinuteWithoutAnyEvent) {
    auto config = two_classes({10});
    config.classes[kBulk].config.queue_timeout = 2min;
    Scene scene(config);
    scene.finish(scene.arrive(kTop));
    scene.flood(kBulk, 10);
    ASSERT_EQ(scene.judge.next_expiry(), scene.clock.now() + 60s);
    scene.expire_after(60s);
    EXPECT_EQ(scene.places.back().standing(), Standing::running);
}

TEST(Judge, ServesTheBetterClassFirst) {
    Scene scene(two_classes({1}));
    Place& running = scene.arrive(kBulk);
    Place& bulk = scene.arrive(kBulk);
    Place& top = scene.arrive(kTop);
    scene.finish(running);
    EXPECT_EQ(scene.changes, Changes{&top});
    EXPECT_EQ(top.decision().reason, Reason::admitted_after_wait);
    scene.finish(top);
    EXPECT_EQ(scene.changes, Changes{&bulk});
}

TEST(Judge, AmongEqualsTheClassWithFewestInFlightGoesFirst) {
    Scene scene(make_config({make_class(0), make_class(1)}, {3}));
    Place& first = scene.arrive(0);
    scene.arrive(0);
    scene.arrive(0);
    scene.arrive(0);
    Place& neighbour = scene.arrive(1);
    scene.finish(first);
    EXPECT_EQ(scene.changes, Changes{&neighbour});
}

TEST(Judge, AFullQueueShedsItsWorst) {
    auto config = two_classes({1});
    config.classes[kBulk].config.queue = 2;
    Scene scene(config);
    scene.flood(kBulk, 3);
    const Place& refused = scene.arrive(kBulk);
    EXPECT_EQ(refused.standing(), Standing::ended);
    EXPECT_EQ(refused.decision().reason, Reason::queue_full);
    EXPECT_EQ(refused.decision().gate, Gate::queue);
    EXPECT_DOUBLE_EQ(refused.decision().limit, 2);
    EXPECT_DOUBLE_EQ(refused.decision().observed, 3);
    EXPECT_EQ(refused.decision().retry_after, 5s);
}

TEST(Judge, AFirstTryDisplacesARetry) {
    auto config = two_classes({1});
    config.classes[kBulk].config.queue = 1;
    Scene scene(config);
    scene.arrive(kBulk);
    Ask again = test::make_ask(kBulk);
    again.retry = true;
    const Place& retry = scene.arrive(again);
    const Place& first_try = scene.arrive(kBulk);
    EXPECT_EQ(first_try.standing(), Standing::waiting);
    EXPECT_EQ(retry.decision().reason, Reason::displaced);
    EXPECT_EQ(scene.changes.size(), 1U);
}

TEST(Judge, RefusesARequestThatHasUsedUpItsQueueTimeout) {
    Scene scene(two_classes({1}));
    scene.arrive(kTop);
    const Place& waiting = scene.arrive(kTop);
    EXPECT_EQ(waiting.decision().verdict, Verdict::queue);
    EXPECT_EQ(scene.judge.next_expiry(), scene.clock.now() + 5s);
    scene.expire_after(5s - 1ns);
    EXPECT_EQ(waiting.standing(), Standing::waiting);
    scene.expire_after(1ns);
    EXPECT_EQ(waiting.decision().reason, Reason::queue_timeout);
    EXPECT_DOUBLE_EQ(waiting.decision().limit, 5);
    EXPECT_EQ(scene.judge.next_expiry(), std::nullopt);
}

TEST(Judge, NeverServesAnExpiredRequestEvenIfExpireWasNotCalled) {
    Scene scene(two_classes({1}));
    Place& running = scene.arrive(kTop);
    const Place& late = scene.arrive(kTop);
    scene.clock.advance(4s);
    const Place& in_time = scene.arrive(kTop);
    scene.clock.advance(2s);
    scene.finish(running);
    EXPECT_EQ(late.decision().reason, Reason::queue_timeout);
    EXPECT_EQ(in_time.standing(), Standing::running);
}

TEST(Judge, TheCallersOwnDeadlineBoundsTheWait) {
    Scene scene(two_classes({1}));
    scene.arrive(kTop);
    Ask ask = test::make_ask(kTop);
    ask.deadline = scene.clock.now() + 1s;
    const Place& waiting = scene.arrive(ask);
    scene.expire_after(1s);
    EXPECT_EQ(waiting.decision().reason, Reason::deadline_expired);
    EXPECT_EQ(scene.arrive(ask).decision().reason, Reason::deadline_expired) << "too late on arrival";
}

TEST(Judge, WithAQueueTimeoutOfZeroRequestsRunNowOrAreRefusedNow) {
    auto config = two_classes({1});
    config.classes[kBulk].config.queue_timeout = 0s;
    Scene scene(config);
    EXPECT_EQ(scene.arrive(kBulk).standing(), Standing::running);
    EXPECT_EQ(scene.arrive(kBulk).decision().reason, Reason::queue_timeout);
    EXPECT_EQ(scene.counts().classes[kBulk].waiting, 0U);
}

TEST(Judge, AQueueWithoutPlacesRefusesAtOnce) {
    auto config = two_classes({1});
    config.classes[kBulk].config.queue = 0;
    Scene scene(config);
    EXPECT_EQ(scene.arrive(kBulk).standing(), Standing::running);
    EXPECT_EQ(scene.arrive(kBulk).decision().reason, Reason::queue_full);
}

TEST(Judge, ARequeuedRequestGoesBeforeLaterArrivals) {
    Scene scene(two_classes({1}));
    Place& lost = scene.arrive(kTop);
    scene.arrive(kTop);
    EXPECT_TRUE(scene.requeue(lost));
    EXPECT_EQ(lost.standing(), Standing::running) << "there is no other endpoint";
    EXPECT_TRUE(scene.changes.empty());
}

TEST(Judge, ARequeuedRequestKeepsItsKeyAndTriesAnotherEndpoint) {
    Scene scene(two_classes({1, 1}));
    Place& first = scene.arrive(kTop);
    Place& second = scene.arrive(kTop);
    scene.arrive(kTop);
    const EndpointId lost = first.decision().endpoint;
    scene.set_available(static_cast<int>(lost), false);
    EXPECT_TRUE(scene.requeue(first));
    scene.finish(second);
    EXPECT_EQ(scene.changes, Changes{&first});
    EXPECT_NE(first.decision().endpoint, lost);
}

TEST(Judge, RequeuingEndsWithTheLastEndpoint) {
    Scene scene(two_classes({2}));
    Place& lost = scene.arrive(kTop);
    scene.set_available(0, false);
    EXPECT_FALSE(scene.requeue(lost));
    EXPECT_EQ(lost.decision().reason, Reason::no_endpoint);
    EXPECT_EQ(scene.counts().endpoints[0].inflight, 0U);
}

TEST(Judge, ARequeuedRequestPastItsQueueTimeoutRunsAtOnceOrNotAtAll) {
    Scene scene(two_classes({1, 1}));
    Place& lost = scene.arrive(kTop);
    const EndpointId endpoint = lost.decision().endpoint;
    scene.clock.advance(6s);
    EXPECT_TRUE(scene.requeue(lost));
    EXPECT_EQ(lost.standing(), Standing::running);
    EXPECT_NE(lost.decision().endpoint, endpoint);
    Place& other = scene.arrive(kTop);
    Place& waiting = scene.arrive(kTop);
    scene.set_available(static_cast<int>(index(lost.decision().endpoint)), false);
    EXPECT_FALSE(scene.requeue(lost)) << "the other endpoint is full";
    EXPECT_EQ(lost.decision().reason, Reason::queue_timeout);
    scene.leave(waiting);
    scene.finish(other);
    EXPECT_EQ(scene.counts().endpoints[0].inflight, 0U);
}

TEST(Judge, RequestsWaitForAnEndpointToComeBack) {
    Scene scene(two_classes({2}));
    scene.set_available(0, false);
    EXPECT_EQ(scene.refuse_early(test::make_ask(kTop)), std::nullopt);
    Place& hopeful = scene.arrive(kTop);
    EXPECT_EQ(hopeful.standing(), Standing::waiting);
    scene.set_available(0, true);
    EXPECT_EQ(scene.changes, Changes{&hopeful});
    scene.set_available(0, false);
    Place& request = scene.arrive(kTop);
    scene.expire_after(5s);
    EXPECT_EQ(request.decision().reason, Reason::no_endpoint);
}

TEST(Judge, RefusesEarlyOnlyWhatIsCertain) {
    auto config = two_classes({10});
    config.classes[kBulk].config.queue = 1;
    Scene scene(config);
    scene.finish(scene.arrive(kTop));
    EXPECT_FALSE(scene.refuse_early(test::make_ask(kBulk)));
    scene.flood(kBulk, 8);
    EXPECT_FALSE(scene.refuse_early(test::make_ask(kBulk))) << "there is a place in the queue";
    Ask again = test::make_ask(kBulk);
    again.retry = true;
    Place& retry = scene.arrive(again);
    EXPECT_FALSE(scene.refuse_early(test::make_ask(kBulk))) << "it would displace the retry";
    const auto refusal = scene.refuse_early(again);
    ASSERT_TRUE(refusal);
    EXPECT_EQ(refusal->reason, Reason::queue_full);
    EXPECT_DOUBLE_EQ(refusal->observed, 2);
    EXPECT_FALSE(scene.refuse_early(test::make_ask(kTop))) << "it has a slot";
    scene.clock.advance(5s);
    EXPECT_FALSE(scene.refuse_early(again)) << "the queue is about to be empty";
    EXPECT_EQ(retry.standing(), Standing::waiting);
}

TEST(Judge, PressureIsOneWhenFullAndMoreWithAQueue) {
    auto config = two_classes({4});
    config.classes[kTop].config.queue = 2;
    Scene scene(config);
    scene.flood(kTop, 2);
    EXPECT_DOUBLE_EQ(scene.counts().pressure, 0.5);
    scene.flood(kTop, 2);
    EXPECT_DOUBLE_EQ(scene.counts().pressure, 1);
    scene.flood(kTop, 1);
    EXPECT_DOUBLE_EQ(scene.counts().pressure, 1.5);
}

}  // namespace
}  // namespace weir::admission
