// The parts of the law that set the order: client shares, cohorts, fair turns, weights, guarantees, the gate's tokens.

#include <gtest/gtest.h>

#include "support/scene.hpp"

namespace weir::admission {
namespace {

using test::make_class;
using test::make_config;
using test::Scene;

Ask ask_of(int cls, ClientKey client, std::uint16_t cohort = 0) {
    Ask ask = test::make_ask(cls, client);
    ask.cohort = cohort;
    return ask;
}

Ask prompt_of(int cls, std::uint32_t tokens) {
    Ask ask = test::make_ask(cls);
    ask.prompt_tokens = tokens;
    ask.streams = true;
    return ask;
}

JudgeConfig one_class(std::uint32_t slots) { return make_config({make_class(0)}, {slots}); }

TEST(JudgeOrder, AClientOverItsShareQueuesBehindAllOthers) {
    Scene scene(one_class(20));
    // A quarter of 20: the client may have 5 before it is over its share.
    for (int i = 0; i < 20; ++i) scene.arrive(ask_of(0, 1));
    Place& heavy = scene.arrive(ask_of(0, 1));
    Place& other = scene.arrive(ask_of(0, 2));
    scene.finish(scene.places.front());
    EXPECT_EQ(scene.changes, Changes{&other});
    EXPECT_EQ(heavy.standing(), Standing::waiting);
}

TEST(JudgeOrder, AClientAloneGetsEverything) {
    Scene scene(one_class(20));
    for (int i = 0; i < 20; ++i) EXPECT_EQ(scene.arrive(ask_of(0, 1)).standing(), Standing::running);
}

// The class refuses a request for overload. REQUIRES: no slot is free.
void overload(Scene& scene, ClientKey client) {
    Ask ask = ask_of(0, client);
    ask.can_wait = false;
    ASSERT_EQ(scene.arrive(ask).standing(), Standing::ended);
}

TEST(JudgeOrder, TheBestClassIsServedByArrivalUntilItHasRefusedARequest) {
    Scene scene(one_class(1));
    Place& running = scene.arrive(ask_of(0, 1));
    Place& late_cohort = scene.arrive(ask_of(0, 2, 7));
    Place& early_cohort = scene.arrive(ask_of(0, 3, 3));
    scene.finish(running);
    EXPECT_EQ(scene.changes, Changes{&late_cohort});
    overload(scene, 4);
    Place& later_cohort = scene.arrive(ask_of(0, 5, 9));
    Place& cohort = scene.arrive(ask_of(0, 6, 2));
    scene.finish(late_cohort);
    scene.finish(early_cohort);
    EXPECT_EQ(cohort.standing(), Standing::running);
    EXPECT_EQ(later_cohort.standing(), Standing::waiting);
}

TEST(JudgeOrder, TheBestClassIsServedByArrivalAgainAMinuteAfterItsLastRefusal) {
    Scene scene(one_class(1));
    Place& running = scene.arrive(ask_of(0, 1));
    overload(scene, 2);
    scene.clock.advance(law::kCalmAfter);
    Place& late_cohort = scene.arrive(ask_of(0, 3, 7));
    scene.arrive(ask_of(0, 4, 3));
    scene.finish(running);
    EXPECT_EQ(late_cohort.standing(), Standing::running);
}

TEST(JudgeOrder, ADeadlineOfAClientsOwnGivesNobodyCohorts) {
    Scene scene(one_class(1));
    Place& running = scene.arrive(ask_of(0, 1));
    Ask late = ask_of(0, 2);
    late.deadline = scene.clock.now();
    EXPECT_EQ(scene.arrive(late).decision().reason, Reason::deadline_expired);
    Place& late_cohort = scene.arrive(ask_of(0, 3, 7));
    scene.arrive(ask_of(0, 4, 3));
    scene.finish(running);
    EXPECT_EQ(late_cohort.standing(), Standing::running);
}

TEST(JudgeOrder, AWorseClassHasCohortsThoughItHasRefusedNone) {
    Scene scene(make_config({make_class(0, Priority::critical), make_class(1, Priority::sheddable)}, {2}));
    Place& better = scene.arrive(ask_of(0, 1));
    scene.arrive(ask_of(1, 2));
    Place& late_cohort = scene.arrive(ask_of(1, 3, 7));
    Place& early_cohort = scene.arrive(ask_of(1, 4, 3));
    scene.finish(better);
    EXPECT_EQ(late_cohort.standing(), Standing::waiting);
    scene.finish(scene.places[1]);
    EXPECT_EQ(early_cohort.standing(), Standing::running);
}

TEST(JudgeOrder, CohortsAreServedInOrderWhateverTheirArrival) {
    Scene scene(one_class(1));
    Place& running = scene.arrive(ask_of(0, 1));
    overload(scene, 9);
    Place& late_cohort = scene.arrive(ask_of(0, 2, 7));
    Place& early_cohort = scene.arrive(ask_of(0, 3, 3));
    scene.finish(running);
    EXPECT_EQ(scene.changes, Changes{&early_cohort});
    EXPECT_EQ(late_cohort.standing(), Standing::waiting);
}

TEST(JudgeOrder, AFullQueueShedsTheLastCohortAndServesTheOthersInFull) {
    JudgeConfig config = one_class(1);
    config.classes[0].config.queue = 2;
    Scene scene(config);
    scene.arrive(ask_of(0, 1));
    overload(scene, 9);
    scene.arrive(ask_of(0, 2, 1));
    Place& last = scene.arrive(ask_of(0, 3, 9));
    EXPECT_EQ(scene.arrive(ask_of(0, 4, 5)).standing(), Standing::waiting);
    EXPECT_EQ(last.decision().reason, Reason::displaced);
}

TEST(JudgeOrder, ShedEvenlyGivesClientsTurns) {
    JudgeConfig config = one_class(1);
    config.classes[0].config.shed = Shed::evenly;
    Scene scene(config);
    Place& running = scene.arrive(ask_of(0, 9));
    // One client asks three times, another once after it: it is served second, not fourth.
    Place& first = scene.arrive(ask_of(0, 1, 3));
    Place& second = scene.arrive(ask_of(0, 1, 3));
    Place& third = scene.arrive(ask_of(0, 1, 3));
    Place& other = scene.arrive(ask_of(0, 2, 4));
    for (Place* place : {&running, &first, &other, &second}) scene.finish(*place);
    EXPECT_EQ(scene.changes, (Changes{&third}));
}

TEST(JudgeOrder, ShedEvenlyRefusesTheClientWithTheMostQueued) {
    JudgeConfig config = one_class(1);
    config.classes[0].config.shed = Shed::evenly;
    config.classes[0].config.queue = 3;
    Scene scene(config);
    scene.arrive(ask_of(0, 9));
    scene.arrive(ask_of(0, 1));
    scene.arrive(ask_of(0, 1));
    Place& third = scene.arrive(ask_of(0, 1));
    EXPECT_EQ(scene.arrive(ask_of(0, 2)).standing(), Standing::waiting);
    EXPECT_EQ(third.decision().reason, Reason::displaced);
    // A refused request does not count as the client's turn: its next one takes the same position.
    Place& fourth = scene.arrive(ask_of(0, 1));
    EXPECT_EQ(fourth.decision().reason, Reason::queue_full);
}

TEST(JudgeOrder, WeightsDivideWhatEqualPrioritiesHaveInFlight) {
    JudgeConfig config = make_config({make_class(0), make_class(1)}, {40});
    config.classes[0].config.weight = 3;
    for (auto& cls : config.classes) cls.config.queue = 100;
    Scene scene(config);
    for (int i = 0; i < 40; ++i) scene.arrive(ask_of(0, 1));
    for (int i = 0; i < 80; ++i) scene.arrive(ask_of(i % 2, 1));
    for (int i = 0; i < 40; ++i) scene.finish(scene.places[static_cast<std::size_t>(i)]);
    const auto counts = scene.judge.counts(scene.clock.now());
    EXPECT_EQ(counts.classes[0].inflight, 30U);
    EXPECT_EQ(counts.classes[1].inflight, 10U);
}

// A top class that wants everything, and a bulk class with a guarantee.
class Guarantee : public testing::Test {
protected:
    static JudgeConfig config(double guarantee) {
        JudgeConfig config =
            make_config({make_class(0, Priority::critical), make_class(1, Priority::sheddable)}, {100});
        config.classes[1].config.guarantee = guarantee;
        for (auto& cls : config.classes) {
            cls.config.queue = 1000;
            cls.config.queue_timeout = 1h;
        }
        return config;
    }
    // Serves every slot three times over while both classes have more requests waiting.
    static ClassCounts bulk_under_flood(double guarantee) {
        Scene scene(config(guarantee));
        for (int i = 0; i < 500; ++i) scene.arrive(ask_of(0, static_cast<ClientKey>(i)));
        for (int i = 0; i < 200; ++i) scene.arrive(ask_of(1, static_cast<ClientKey>(i)));
        int served = 0;
        for (std::size_t i = 0; served < 300; i = (i + 1) % scene.places.size()) {
            if (scene.places[i].standing() != Standing::running) continue;
            scene.finish(scene.places[i]);
            ++served;
        }
        return scene.judge.counts(scene.clock.now()).classes[1];
    }
};

TEST_F(Guarantee, IsHeldAgainstBetterClasses) {
    EXPECT_EQ(bulk_under_flood(0.05).inflight, 5U);
    EXPECT_EQ(bulk_under_flood(0.25).inflight, 25U);
}

TEST_F(Guarantee, WithoutOneABulkClassGetsNothingFromABusyBetterOne) { EXPECT_EQ(bulk_under_flood(0).inflight, 0U); }

TEST_F(Guarantee, KeepsNoHeadroom) {
    Scene scene(config(0.05));
    for (int i = 0; i < 99; ++i) scene.arrive(ask_of(0, 1));
    EXPECT_EQ(scene.arrive(ask_of(1, 2)).standing(), Standing::running);
}

TEST(JudgeGate, PromptsWaitForFirstTokens) {
    JudgeConfig config = one_class(100);
    config.endpoints[0].prompt_tokens = 1'000;
    Scene scene(config);
    Place& first = scene.arrive(prompt_of(0, 800));
    Place& second = scene.arrive(prompt_of(0, 800));
    EXPECT_EQ(second.standing(), Standing::waiting);
    EXPECT_EQ(scene.judge.counts(scene.clock.now()).endpoints[0].prompt_tokens, 800U);
    scene.judge.first_token(first, scene.clock.now(), scene.changes);
    EXPECT_EQ(second.standing(), Standing::running);
    EXPECT_EQ(scene.judge.counts(scene.clock.now()).endpoints[0].inflight, 2U);
}

TEST(JudgeGate, AWorseClassGetsFewerPendingPromptsWhileABetterOneIsActive) {
    JudgeConfig config = make_config({make_class(0, Priority::critical), make_class(1, Priority::sheddable)}, {100});
    config.endpoints[0].prompt_tokens = 8'000;
    Scene scene(config);
    scene.finish(scene.arrive(0));
    // An eighth while nothing better runs; a sixteenth while all that runs is better.
    EXPECT_EQ(scene.arrive(prompt_of(1, 600)).standing(), Standing::running);
    Place& waiting = scene.arrive(prompt_of(1, 600));
    EXPECT_EQ(waiting.standing(), Standing::waiting);
    EXPECT_EQ(scene.arrive(prompt_of(0, 5'000)).standing(), Standing::running);
}

TEST(JudgeGate, LongAnswersLeaveLessContextForNewRequests) {
    JudgeConfig config = one_class(100);
    config.endpoints[0].context_tokens = 1'000;
    Scene scene(config);
    Place& running = scene.arrive(prompt_of(0, 400));
    scene.judge.streamed(running, 300, scene.clock.now());
    Place& waiting = scene.arrive(prompt_of(0, 300));
    EXPECT_EQ(waiting.standing(), Standing::waiting);
    EXPECT_EQ(scene.judge.counts(scene.clock.now()).endpoints[0].context_tokens, 700U);
    EXPECT_GT(scene.judge.counts(scene.clock.now()).pressure, 1);
    scene.finish(running);
    EXPECT_EQ(waiting.standing(), Standing::running);
}

TEST(JudgeGate, AContextSizeThatTheEngineReportsAdmitsMore) {
    JudgeConfig config = one_class(100);
    Scene scene(config);
    scene.judge.set_context(EndpointId{0}, 1'000, scene.clock.now(), scene.changes);
    scene.arrive(prompt_of(0, 600));
    Place& waiting = scene.arrive(prompt_of(0, 600));
    EXPECT_EQ(waiting.standing(), Standing::waiting);
    scene.judge.set_context(EndpointId{0}, 2'000, scene.clock.now(), scene.changes);
    EXPECT_EQ(waiting.standing(), Standing::running);
}

TEST(JudgeGate, APromptWithAnUnobservableEndHoldsOthersForAsLongAsItUsuallyTakes) {
    JudgeConfig config = one_class(100);
    config.endpoints[0].prompt_tokens = 1'000;
    Scene scene(config);
    Ask whole = prompt_of(0, 900);
    whole.streams = false;
    scene.arrive(whole);
    Place& waiting = scene.arrive(prompt_of(0, 900));
    EXPECT_EQ(waiting.standing(), Standing::waiting);
    const Duration usual = *scene.judge.next_expiry() - scene.clock.now();
    EXPECT_GE(usual, law::kMinUnseenPrompt);
    EXPECT_LE(usual, law::kUnseenPrompt);
    scene.expire_after(usual);
    EXPECT_EQ(waiting.standing(), Standing::running);
}

TEST(JudgeAblation, RemovingAPartChangesTheDecisions) {
    const auto standing_without = [](Part part) {
        JudgeConfig config = make_config({make_class(0, Priority::critical), make_class(1, Priority::sheddable)}, {10});
        config.classes[1].config.queue = 1;
        config.parts.remove(part);
        Scene scene(config);
        scene.finish(scene.arrive(0));
        int running = 0;
        int waiting = 0;
        for (int i = 0; i < 20; ++i) {
            const Standing standing = scene.arrive(1).standing();
            running += standing == Standing::running;
            waiting += standing == Standing::waiting;
        }
        return std::pair(running, waiting);
    };
    EXPECT_EQ(standing_without(Part::guarantee), std::pair(8, 1));
    EXPECT_EQ(standing_without(Part::headroom), std::pair(10, 1));
    EXPECT_EQ(standing_without(Part::bound), std::pair(8, 12));
}

}  // namespace
}  // namespace weir::admission
