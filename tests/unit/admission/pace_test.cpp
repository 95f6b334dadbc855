#include "admission/learn/pace.hpp"

#include <gtest/gtest.h>

namespace weir::admission {
namespace {

using namespace std::chrono_literals;

// An engine that takes 50 us for a token of a prompt and 20 ms for one of an answer.
Duration time_of(std::uint64_t pending, std::uint32_t tokens) { return pending * 50us + tokens * 20ms; }

TEST(Pace, AssumesAMidSizeGpuAtFirst) {
    const Pace::Costs costs = Pace().costs();
    EXPECT_DOUBLE_EQ(costs.prompt_token, 1.0 / 16'000);
    EXPECT_DOUBLE_EQ(costs.answer_token, 1.0 / 30);
}

TEST(Pace, LearnsBothCostsFromFirstTokens) {
    Pace pace;
    for (std::uint64_t i = 0; i < 300; ++i) {
        const std::uint64_t pending = 100 + 37 * i % 5'000;
        pace.learn(pending, 1, time_of(pending, 1));
    }
    EXPECT_NEAR(pace.costs().prompt_token, 50e-6, 2e-6);
    EXPECT_NEAR(pace.costs().answer_token, 20e-3, 1e-3);
}

TEST(Pace, LearnsBothCostsFromWholeAnswers) {
    Pace pace;
    for (std::uint32_t i = 0; i < 300; ++i) {
        const std::uint64_t pending = 100 + 37 * i % 20'000;
        const std::uint32_t tokens = 5 + 11 * i % 70;
        pace.learn(pending, tokens, time_of(pending, tokens));
    }
    EXPECT_NEAR(pace.costs().prompt_token, 50e-6, 5e-6);
    EXPECT_NEAR(pace.costs().answer_token, 20e-3, 1e-3);
}

TEST(Pace, FollowsAnEngineThatBecomesSlower) {
    Pace pace;
    for (int i = 0; i < 300; ++i) pace.learn(500, 1, 40ms);
    for (int i = 0; i < 600; ++i) pace.learn(500, 1, 400ms);
    const Pace::Costs costs = pace.costs();
    EXPECT_NEAR(500 * costs.prompt_token + costs.answer_token, 0.4, 0.02);
}

TEST(Pace, HasNoNegativeCosts) {
    Pace falling;  // the more prompts, the sooner
    for (int i = 0; i < 300; ++i) falling.learn(i % 2 == 0 ? 100 : 10'000, 1, i % 2 == 0 ? 400ms : 50ms);
    EXPECT_GE(falling.costs().prompt_token, 0);
    EXPECT_GT(falling.costs().answer_token, 0);
    Pace prompts;  // answers take nothing
    for (int i = 0; i < 300; ++i) prompts.learn(1'000, i % 2 == 0 ? 1 : 50, i % 2 == 0 ? 100ms : 80ms);
    EXPECT_GT(prompts.costs().prompt_token, 0);
    EXPECT_GE(prompts.costs().answer_token, 0);
}

TEST(Pace, LearnsNothingFromNoTime) {
    Pace pace;
    pace.learn(1'000, 1, 0s);
    pace.learn(1'000, 1, -1s);
    EXPECT_DOUBLE_EQ(pace.costs().prompt_token, Pace().costs().prompt_token);
}

}  // namespace
}  // namespace weir::admission
