#include "admission/degrade.hpp"

#include <gtest/gtest.h>

#include <chrono>

#include "admission/gate/pressure.hpp"

namespace weir::admission {
namespace {

DegradeRule rule(std::uint16_t id, double pressure) {
    DegradeRule made;
    made.id = RuleId{id};
    made.config.pressure = pressure;
    return made;
}

DegradeAsk chat() {
    DegradeAsk ask;
    ask.model = "large";
    ask.has_length = ask.has_model = ask.has_tier = true;
    return ask;
}

TEST(PlanDegrade, AppliesTheStricterRuleAfterTheMilderOne) {
    DegradeRule rules[] = {rule(0, 0.9), rule(5, 1.0)};
    rules[0].config.max_output_tokens = 128;
    rules[1].config.max_output_tokens = 32;
    rules[1].config.backend = "small";
    EXPECT_EQ(plan_degrade(rules, chat(), 0.8).applied, 0U);
    EXPECT_EQ(plan_degrade(rules, chat(), 0.9).max_output_tokens, 128U);
    const DegradePlan both = plan_degrade(rules, chat(), 1.2);
    EXPECT_EQ(both.max_output_tokens, 32U);
    EXPECT_EQ(both.backend, "small");
    EXPECT_EQ(both.applied, 1U | 1U << 5);
}

TEST(PlanDegrade, NeverMakesAnAnswerLonger) {
    DegradeRule rules[] = {rule(0, 0)};
    rules[0].config.max_output_tokens = 128;
    rules[0].config.n = 2;
    DegradeAsk ask = chat();
    ask.max_output_tokens = 128;
    ask.n = 2;
    EXPECT_EQ(plan_degrade(rules, ask, 2).applied, 0U);
    ask.n = 3;
    const DegradePlan plan = plan_degrade(rules, ask, 2);
    EXPECT_EQ(plan.applied, 1U);
    EXPECT_FALSE(plan.max_output_tokens);
    EXPECT_EQ(plan.n, 2U);
}

TEST(PlanDegrade, AppliesARuleInFullOrNotAtAll) {
    DegradeRule rules[] = {rule(0, 0)};
    rules[0].config.max_output_tokens = 128;
    rules[0].config.backend = "small";
    DegradeAsk ask = chat();
    ask.has_length = false;
    EXPECT_EQ(plan_degrade(rules, ask, 2).backend, "");
}

TEST(PlanDegrade, OnlyCountsInShadow) {
    DegradeRule rules[] = {rule(3, 0)};
    rules[0].config.model = "small";
    rules[0].config.mode = Mode::shadow;
    const DegradePlan plan = plan_degrade(rules, chat(), 0);
    EXPECT_EQ(plan.applied, 0U);
    EXPECT_EQ(plan.spared, 1U << 3);
    EXPECT_EQ(plan.model, "");
}

TEST(PressureWindow, RemembersTheLargestForHalfToAWholeSecond) {
    using namespace std::chrono_literals;
    PressureWindow window;
    const TimePoint start{1h};
    EXPECT_EQ(window.observe(0.4, start), 0.4);
    EXPECT_EQ(window.observe(1.5, start + 100ms), 1.5);
    EXPECT_EQ(window.observe(0.2, start + 400ms), 1.5);
    EXPECT_EQ(window.observe(0.3, start + 900ms), 1.5);
    EXPECT_EQ(window.observe(0.1, start + 1401ms), 0.3);
    EXPECT_EQ(window.observe(0.1, start + 10s), 0.1);
}

}  // namespace
}  // namespace weir::admission
