// A judge whose endpoint is a hosted API with a quota to be learned.

#include <gtest/gtest.h>

#include "support/scene.hpp"

namespace weir::admission {
namespace {

using namespace std::chrono_literals;
using test::make_class;
using test::make_config;
using test::Scene;

constexpr QuotaReport kRefusal{.refused = true};

JudgeConfig with_quota(std::uint32_t start, std::size_t endpoints = 1) {
    JudgeConfig config = make_config({make_class(0, Priority::critical), make_class(1, Priority::sheddable)},
                                     std::vector<std::uint32_t>(endpoints, 1));
    for (JudgeEndpoint& endpoint : config.endpoints) endpoint.quota = QuotaConfig{.start = start};
    return config;
}

class QuotaScene : public Scene {
public:
    using Scene::Scene;

    bool refuse(Place& place, const QuotaReport& report = kRefusal) {
        changes.clear();
        return judge.refused_by_quota(place, report, clock.now(), changes);
    }
    void answer(Place& place) {
        changes.clear();
        judge.quota_report(place, {}, clock.now(), changes);
    }
    std::uint64_t refusals() const { return counts().endpoints[0].quota->refusals; }
};

TEST(JudgeQuota, ARefusedRequestWaitsForItsPaceAndRunsAgain) {
    QuotaScene scene(with_quota(4));
    Place& place = scene.arrive(0);
    scene.clock.advance(20ms);
    EXPECT_TRUE(scene.refuse(place));
    ASSERT_EQ(place.standing(), Standing::waiting) << "the rate is one a second now";
    const auto next = scene.judge.next_expiry();
    ASSERT_TRUE(next);
    EXPECT_LT(*next, scene.clock.now() + 2s);
    scene.expire_after(*next - scene.clock.now());
    EXPECT_EQ(place.standing(), Standing::running);
    EXPECT_EQ(place.decision().endpoint, EndpointId{0});
    EXPECT_EQ(scene.changes, Changes{&place});
    scene.finish(place);
}

TEST(JudgeQuota, ARefusedRequestIsServedBeforeLaterOnes) {
    QuotaScene scene(with_quota(1));
    Place& first = scene.arrive(0);
    Place& second = scene.arrive(0);
    scene.clock.advance(20ms);
    EXPECT_TRUE(scene.refuse(first));
    for (int i = 0; i < 100 && first.standing() == Standing::waiting; ++i) scene.expire_after(50ms);
    EXPECT_EQ(first.standing(), Standing::running);
    EXPECT_EQ(second.standing(), Standing::waiting);
    scene.leave(second);
    scene.finish(first);
}

TEST(JudgeQuota, ABetterClassIsServedBeforeARefusedRequest) {
    QuotaScene scene(with_quota(1));
    Place& worse = scene.arrive(1);
    scene.clock.advance(20ms);
    EXPECT_TRUE(scene.refuse(worse));
    Place& better = scene.arrive(0);
    for (int i = 0; i < 100 && better.standing() == Standing::waiting; ++i) scene.expire_after(50ms);
    EXPECT_EQ(better.standing(), Standing::running);
    EXPECT_EQ(worse.standing(), Standing::waiting);
    scene.leave(worse);
    scene.finish(better);
}

TEST(JudgeQuota, ARefusedRequestStillTimesOutFromItsFirstArrival) {
    QuotaScene scene(with_quota(1));
    Place& place = scene.arrive(0);
    scene.clock.advance(4900ms);
    EXPECT_TRUE(scene.refuse(place));
    ASSERT_EQ(place.standing(), Standing::waiting);
    scene.expire_after(100ms);
    EXPECT_EQ(place.standing(), Standing::ended);
    EXPECT_EQ(place.decision().reason, Reason::queue_timeout);
}

TEST(JudgeQuota, ARequestWhoseTimeIsOverEndsWhenItIsRefused) {
    QuotaScene scene(with_quota(1));
    Place& place = scene.arrive(0);
    scene.clock.advance(6s);
    EXPECT_TRUE(scene.refuse(place));
    EXPECT_EQ(place.standing(), Standing::ended);
    EXPECT_EQ(place.decision().reason, Reason::queue_timeout);
    EXPECT_EQ(scene.counts().endpoints[0].inflight, 0U);
}

TEST(JudgeQuota, ARefusalOfARequestAloneIsNotLearnedFromAndPassedOnInTheEnd) {
    QuotaScene scene(with_quota(4));
    Place& alone = scene.arrive(0);
    EXPECT_TRUE(scene.refuse(alone));
    int sent = 1;
    for (bool again = true; again; ++sent) {
        Place& other = scene.arrive(0);
        for (int i = 0; i < 100 && (other.standing() == Standing::waiting || alone.standing() == Standing::waiting);
             ++i) {
            scene.expire_after(50ms);
        }
        ASSERT_EQ(other.standing(), Standing::running);
        ASSERT_EQ(alone.standing(), Standing::running);
        scene.answer(other);
        again = scene.refuse(alone);
        ASSERT_LT(sent, 20);
        scene.finish(other);
    }
    EXPECT_LE(sent, 12);
    EXPECT_LE(scene.refusals(), 3U) << "some are of a time when no other was accepted";
    EXPECT_EQ(alone.standing(), Standing::running) << "its answer is passed on";
    scene.finish(alone);
}

TEST(JudgeQuota, TheEndpointIsNotLostForARefusedRequest) {
    QuotaScene scene(with_quota(2, 2));
    Place& place = scene.arrive(0);
    const EndpointId first = place.decision().endpoint;
    scene.clock.advance(20ms);
    EXPECT_TRUE(scene.refuse(place));
    ASSERT_EQ(place.standing(), Standing::running) << "the other endpoint is not paced";
    EXPECT_NE(place.decision().endpoint, first);
    scene.finish(place);
}

TEST(JudgeQuota, AnAnswerIsPassedOnWhereNoQuotaIsLearned) {
    QuotaScene scene(make_config({make_class(0)}, {4}));
    Place& place = scene.arrive(0);
    EXPECT_FALSE(scene.refuse(place));
    EXPECT_EQ(place.standing(), Standing::running);
    EXPECT_FALSE(scene.counts().endpoints[0].quota);
    scene.finish(place);
}

TEST(JudgeQuota, InShadowAnAnswerIsPassedOnAndLearnedFrom) {
    JudgeConfig config = with_quota(4);
    config.mode = Mode::shadow;
    QuotaScene scene(config);
    Place& place = scene.arrive(0);
    EXPECT_FALSE(scene.refuse(place));
    EXPECT_EQ(place.standing(), Standing::running);
    EXPECT_EQ(scene.refusals(), 1U);
    scene.finish(place);
}

TEST(JudgeQuota, KeepsNoHeadroomOfAQuota) {
    QuotaScene scene(with_quota(10));
    Place& better = scene.arrive(0);
    EXPECT_EQ(scene.flood(1, 12), 9);
    scene.finish(better);
    EXPECT_EQ(scene.places[10].standing(), Standing::running);
    for (Place& place : scene.places) {
        if (place.standing() == Standing::waiting) scene.leave(place);
    }
    for (Place& place : scene.places) {
        if (place.standing() == Standing::running) scene.finish(place);
    }
}

TEST(JudgeQuota, WhatWasLearnedStaysOverAReload) {
    QuotaScene scene(with_quota(4));
    Place& place = scene.arrive(0);
    EXPECT_TRUE(scene.refuse(place));
    scene.leave(place);
    JudgeConfig config = with_quota(8);
    scene.reconfigure(config);
    EXPECT_EQ(scene.counts().endpoints[0].quota->rate, 1);
    config.endpoints[0].quota.reset();
    config.endpoints[0].requests = 7;
    scene.reconfigure(config);
    EXPECT_FALSE(scene.counts().endpoints[0].quota);
    EXPECT_EQ(scene.counts().endpoints[0].limit, 7U);
}

TEST(JudgeQuota, NamesTheHeadAndWhenThePaceLetsItPass) {
    QuotaScene scene(with_quota(1));
    EXPECT_FALSE(scene.judge.next_paced());
    Place& place = scene.arrive(0);
    EXPECT_TRUE(scene.refuse(place));
    Place& later = scene.arrive(0);
    const auto paced = scene.judge.next_paced();
    ASSERT_TRUE(paced);
    EXPECT_EQ(paced->head, &place);
    EXPECT_EQ(scene.judge.next_expiry(), paced->at);
    EXPECT_EQ(scene.judge.next_timeout(), place.arrived() + 5s);
    scene.leave(later);
    scene.leave(place);
    EXPECT_FALSE(scene.judge.next_paced());
}

}  // namespace
}  // namespace weir::admission
