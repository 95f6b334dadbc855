#include "admission/gate/gate.hpp"

#include <gtest/gtest.h>

#include "admission/gate/headroom.hpp"
#include "support/passage.hpp"

namespace weir::admission {
namespace {

constexpr TimePoint kNow = test::kStart;
using test::make_gate_config;
using test::Passage;

constexpr Need kLowRank{0.2, 0};

TEST(EndpointGate, UsesWholeLimitsExactly) {
    for (std::uint32_t limit = 10; limit <= 1000; limit += 10) {
        EXPECT_EQ(EndpointGate::usable(limit, 0), limit);
        EXPECT_EQ(EndpointGate::usable(limit, 0.1), limit / 10 * 9);
        EXPECT_EQ(EndpointGate::usable(limit, 0.2), limit / 10 * 8);
    }
}

TEST(EndpointGate, AnIdleEndpointTakesARequestRegardlessOfItsLimits) {
    JudgeConfig config = make_gate_config({1});
    config.endpoints[0].context_tokens = 100;
    config.endpoints[0].prompt_tokens = 100;
    Passage passage(config);
    EXPECT_EQ(passage.pass_all({0.2, 100'000}), 1);
}

TEST(EndpointGate, KeepsHeadroomFree) {
    Passage passage({10, 20});
    EXPECT_EQ(passage.pass_all(kLowRank), 24);
    EXPECT_EQ(passage.pass_all(), 6);
}

TEST(EndpointGate, FillsTheEmptiestAndTakesTurns) {
    Passage passage({10, 20, 10});
    for (int i = 0; i < 20; ++i) passage.pass();
    EXPECT_EQ(passage.endpoint(0).inflight, 5U);
    EXPECT_EQ(passage.endpoint(1).inflight, 10U);
    EXPECT_EQ(passage.endpoint(2).inflight, 5U);
}

TEST(EndpointGate, TheFullestOfTheThreeLimitsRanksAnEndpoint) {
    JudgeConfig config = make_gate_config({100, 100});
    for (auto& endpoint : config.endpoints) endpoint.context_tokens = 10'000;
    Passage passage(config);
    EXPECT_EQ(passage.pass({0, 3'000}), EndpointId{0});
    // Three requests without a prompt count for less than one with a long prompt.
    for (int i = 0; i < 3; ++i) EXPECT_EQ(passage.pass(), EndpointId{1});
    config.balance = Balance::least_requests;
    passage.gate.reconfigure(config, kNow);
    EXPECT_EQ(passage.pass(), EndpointId{0});
}

TEST(EndpointGate, RoundRobinTakesTurnsRegardlessOfLoad) {
    JudgeConfig config = make_gate_config({100, 10});
    config.balance = Balance::round_robin;
    Passage passage(config);
    for (std::uint16_t i = 0; i < 10; ++i) EXPECT_EQ(passage.pass(), EndpointId{static_cast<std::uint16_t>(i % 2)});
}

TEST(EndpointGate, HoldsContextTokensAsTheyGrow) {
    JudgeConfig config = make_gate_config({100});
    config.endpoints[0].context_tokens = 1'000;  // 950 are usable
    Passage passage(config);
    passage.pass({0, 500});
    passage.pass({0, 400});
    EXPECT_EQ(passage.pass({0, 100}), kNoEndpoint);
    EXPECT_EQ(passage.pass({0.2, 10}), kNoEndpoint);  // 950 x 0.8 = 760 for a class that keeps headroom
    passage.stream(0, 40);
    EXPECT_EQ(passage.pass({0, 11}), kNoEndpoint);
    EXPECT_EQ(passage.pass({0, 10}), EndpointId{0});
    passage.stream(0, 30);  // fewer than before are ignored
    EXPECT_EQ(passage.endpoint(0).context, 950U);
    passage.end_first();
    EXPECT_EQ(passage.endpoint(0).context, 410U);
}

TEST(EndpointGate, UsesTheContextSizeReportedByTheEngineWhereThePolicyHasNone) {
    JudgeConfig config = make_gate_config({100, 100});
    config.endpoints[1].context_tokens = 500;
    Passage passage(config);
    passage.gate.set_context(EndpointId{0}, 1'000, passage.now);
    passage.gate.set_context(EndpointId{1}, 1'000, passage.now);
    EXPECT_EQ(passage.endpoint(0).context_limit, 1'000U);
    EXPECT_EQ(passage.endpoint(1).context_limit, 500U);
    config.endpoints[1].context_tokens = 0;
    passage.gate.reconfigure(config, kNow);
    EXPECT_EQ(passage.endpoint(0).context_limit, 1'000U);
    EXPECT_EQ(passage.endpoint(1).context_limit, 1'000U);
}

TEST(EndpointGate, HoldsPromptsUntilTheirFirstToken) {
    JudgeConfig config = make_gate_config({100});
    config.endpoints[0].prompt_tokens = 1'000;
    Passage passage(config);
    EXPECT_EQ(passage.pass_all({.headroom = 0.1, .prompt_tokens = 125, .prompt_share = 0.25}), 2);
    EXPECT_EQ(passage.pass_all({0, 125}), 6);
    EXPECT_TRUE(passage.answer(0));
    EXPECT_FALSE(passage.answer(0));  // a prompt is done once
    EXPECT_EQ(passage.endpoint(0).prompts, 875U);
    EXPECT_EQ(passage.pass({0, 126}), kNoEndpoint);
    EXPECT_EQ(passage.pass({0, 125}), EndpointId{0});
    passage.end_first();
    EXPECT_EQ(passage.endpoint(0).prompts, 1'000U);
}

TEST(EndpointGate, APromptWithAnUnobservableEndIsDoneWhenALaterOneIs) {
    Passage passage({100});
    passage.pass({.prompt_tokens = 100}, false);
    passage.pass({.prompt_tokens = 100}, true);
    passage.pass({.prompt_tokens = 100}, false);
    EXPECT_TRUE(passage.answer(1));
    EXPECT_EQ(passage.endpoint(0).prompts, 100U);
    const TimePoint until = *passage.gate.next_old_prompt();
    EXPECT_GE(until, passage.now + law::kMinUnseenPrompt);
    passage.gate.forget_old(until - 1ns);
    EXPECT_EQ(passage.endpoint(0).prompts, 100U);
    passage.gate.forget_old(until);
    EXPECT_EQ(passage.endpoint(0).prompts, 0U);
    EXPECT_EQ(passage.gate.next_old_prompt(), std::nullopt);
}

TEST(EndpointGate, APromptWithAnUnobservableEndTakesAsLongAsItsEndpointUsuallyDoes) {
    Passage passage({1000});
    for (std::uint32_t i = 0; i < 300; ++i) {  // 10,000 tokens a second
        const std::uint32_t tokens = 500 + 100 * (i % 30);
        passage.pass({.prompt_tokens = tokens});
        passage.now += tokens * 100us;
        passage.answer(i);
    }
    passage.pass({.prompt_tokens = 1'000}, false);
    passage.pass({.prompt_tokens = 2'000}, false);
    const TimePoint first = *passage.gate.next_old_prompt();
    EXPECT_NEAR(seconds(first - passage.now), 0.1, 0.01);
    passage.gate.forget_old(first);
    EXPECT_EQ(passage.endpoint(0).prompts, 2'000U) << "in the order in which they were sent";
    EXPECT_NEAR(seconds(*passage.gate.next_old_prompt() - passage.now), 0.3, 0.03);
}

TEST(EndpointGate, APromptWithAnUnobservableEndIsPendingForASecondAtMost) {
    Passage passage({100});
    passage.pass({.prompt_tokens = 1'000'000}, false);
    EXPECT_EQ(passage.gate.next_old_prompt(), passage.now + law::kUnseenPrompt);
}

TEST(EndpointGate, AWorseClassLeavesRoomForWhatAnswersInFlightStillComeTo) {
    JudgeConfig config = make_gate_config({100});
    config.endpoints[0].context_tokens = 10'000;
    Passage passage(config);
    // 0.95 x 10,000 x 0.9 = 8,550; each takes 100 and 0.85 x 900 to come.
    const Need worse{.headroom = 0.1, .prompt_tokens = 100, .answer_tokens = 900, .prompt_share = 1};
    EXPECT_EQ(passage.pass_all(worse), 9);
    EXPECT_EQ(passage.endpoint(0).to_come, 8'100U);
    EXPECT_EQ(passage.pass({.prompt_tokens = 100}), EndpointId{0}) << "a better one counts what is there";
    // What has come is no longer to come, and beyond the usual nothing is.
    passage.stream(0, 600);
    EXPECT_EQ(passage.endpoint(0).to_come, 7'500U);
    passage.stream(0, 2'000);
    EXPECT_EQ(passage.endpoint(0).to_come, 7'200U);
    passage.end_first();
    EXPECT_EQ(passage.endpoint(0).to_come, 7'200U);
    EXPECT_EQ(passage.endpoint(0).context, 900U);
}

TEST(EndpointGate, AWorseClassLeavesMoreFreeWhilePromptsArePending) {
    JudgeConfig config = make_gate_config({100});
    config.pipe_headroom = 0.5;
    Passage passage(config);
    passage.pass({.prompt_tokens = 2'048});  // what one step takes
    const auto usable = [&](Duration after) {
        int count = 0;
        Need need{.headroom = 0.1, .now = passage.now + after};
        while (passage.pass(need) != kNoEndpoint) ++count;
        for (int i = 0; i < count; ++i) {
            passage.gate.give_back(passage.passed.back().first, passage.passed.back().second, passage.now + after);
            passage.passed.pop_back();
        }
        return count;
    };
    EXPECT_EQ(usable(0s), 89) << "the mean is what counts";
    EXPECT_EQ(usable(5s), 64) << "half of the time constant's way: 0.1 + 0.25";
    EXPECT_NEAR(usable(1h), 39, 1);
}

TEST(EndpointGate, ARemovedPartLimitsNothing) {
    JudgeConfig config = make_gate_config({100});
    config.endpoints[0].context_tokens = 1'000;
    config.endpoints[0].prompt_tokens = 1'000;
    config.parts.remove(Part::context);
    config.parts.remove(Part::prompt);
    Passage passage(config);
    EXPECT_EQ(passage.pass_all({0, 500}), 100);
}

TEST(EndpointGate, UnavailableEndpointsTakeNothing) {
    Passage passage({2, 2});
    passage.gate.set_intake(EndpointId{0}, {.open = false});
    EXPECT_EQ(passage.pass_all(), 2);
    passage.gate.set_intake(EndpointId{1}, {.open = false});
    EXPECT_FALSE(passage.gate.any_available());
    EXPECT_EQ(passage.gate.least_loaded(), nullptr);
}

TEST(EndpointGate, TakesTheLostOneLast) {
    Passage passage({4, 1});
    EXPECT_EQ(passage.gate.choose({}, EndpointId{0})->id, EndpointId{1});
    passage.pass({}, true, EndpointId{0});
    EXPECT_EQ(passage.gate.choose({}, EndpointId{0})->id, EndpointId{0});
    EXPECT_EQ(passage.gate.choose({}, EndpointId{1})->id, EndpointId{0});
}

TEST(EndpointGate, ARemovedEndpointDrainsAndIsGone) {
    Passage passage({2, 2});
    passage.pass_all();
    JudgeConfig left;
    left.endpoints.push_back({EndpointId{1}, 3});
    passage.gate.reconfigure(left, kNow);
    EXPECT_EQ(passage.gate.endpoints().size(), 2U);
    EXPECT_EQ(passage.gate.choose({})->id, EndpointId{1});
    std::erase_if(passage.passed, [&](auto& passing) {
        if (passing.first != EndpointId{0}) return false;
        passage.gate.give_back(passing.first, passing.second, kNow);
        return true;
    });
    EXPECT_EQ(passage.gate.endpoints().size(), 1U);
}

TEST(EndpointGate, HealthSurvivesAReload) {
    Passage passage({2});
    passage.gate.set_intake(EndpointId{0}, {.open = false});
    passage.gate.reconfigure(passage.config, kNow);
    EXPECT_FALSE(passage.gate.any_available());
}

TEST(EndpointGate, ALearnedLimitSurvivesAReload) {
    JudgeConfig config = make_gate_config({0});
    config.endpoints[0].learn = LearnConfig{.start = 8, .max = 64};
    Passage passage(config);
    EXPECT_EQ(passage.pass_all(), 8);
    passage.gate.note_blocked({}, passage.now);
    for (std::size_t i = 0; i < 8; ++i) passage.answer(i);
    passage.now += 2s;
    for (int i = 0; i < 4; ++i) passage.end_first();
    for (int i = 0; i < 4; ++i) passage.pass();
    for (std::size_t i = 4; i < 8; ++i) passage.answer(i);
    const std::uint32_t learned = passage.endpoint(0).limit;
    EXPECT_GT(learned, 8U);
    passage.gate.reconfigure(config, passage.now);
    EXPECT_EQ(passage.endpoint(0).limit, learned);
    config.endpoints[0].learn->max = 4;
    passage.gate.reconfigure(config, passage.now);
    EXPECT_EQ(passage.endpoint(0).limit, 4U);
}

TEST(Headroom, IsKeptForBetterPrioritiesThatAreActive) {
    Headroom headroom;
    EXPECT_DOUBLE_EQ(headroom.of(Priority::sheddable, kNow), 0);
    headroom.observe(Priority::normal, kNow);
    EXPECT_DOUBLE_EQ(headroom.of(Priority::sheddable, kNow), 0.15);
    EXPECT_DOUBLE_EQ(headroom.of(Priority::normal, kNow), 0);
    headroom.observe(Priority::critical, kNow);
    headroom.observe(Priority::high, kNow);
    EXPECT_DOUBLE_EQ(headroom.of(Priority::sheddable, kNow), 0.2);
    EXPECT_DOUBLE_EQ(headroom.of(Priority::high, kNow), 0.15);
    EXPECT_DOUBLE_EQ(headroom.of(Priority::critical, kNow), 0);
}

TEST(Headroom, IsReleasedAfterAMinuteWithoutRequests) {
    Headroom headroom;
    headroom.observe(Priority::critical, kNow);
    headroom.observe(Priority::high, kNow + 10s);
    EXPECT_EQ(headroom.next_lapse(kNow + 10s), kNow + 60s);
    EXPECT_DOUBLE_EQ(headroom.of(Priority::low, kNow + 60s - 1ns), 0.2);
    EXPECT_DOUBLE_EQ(headroom.of(Priority::low, kNow + 60s), 0.15);
    EXPECT_EQ(headroom.next_lapse(kNow + 60s), kNow + 70s);
    EXPECT_EQ(headroom.next_lapse(kNow + 70s), std::nullopt);
}

}  // namespace
}  // namespace weir::admission
