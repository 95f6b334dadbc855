#include <gtest/gtest.h>

#include <array>

#include "support/passage.hpp"

namespace weir::admission {
namespace {

using test::make_gate_config;
using test::Passage;

constexpr EndpointId kFirst{0};
constexpr EndpointId kSecond{1};

TEST(EndpointShare, ScalesTheLimitAndTheLoad) {
    for (const Balance balance : {Balance::most_room, Balance::least_requests}) {
        JudgeConfig config = make_gate_config({100, 100});
        config.balance = balance;
        Passage passage(config);
        passage.gate.set_intake(kFirst, {.share = 0.25});
        for (int i = 0; i < 50; ++i) passage.pass();
        EXPECT_EQ(passage.endpoint(0).inflight, 10U);
        EXPECT_EQ(passage.pass_all(), 75);
        EXPECT_EQ(passage.endpoint(0).inflight, 25U);
    }
}

TEST(EndpointShare, IsNeverNothing) {
    Passage passage({2});
    passage.gate.set_intake(kFirst, {.share = 0.01});
    EXPECT_EQ(passage.pass_all(), 1);
}

TEST(EndpointShare, LetsTurnsPass) {
    JudgeConfig config = make_gate_config({1000, 1000});
    config.balance = Balance::round_robin;
    Passage passage(config);
    passage.gate.set_intake(kFirst, {.share = 0.25});
    for (int i = 0; i < 100; ++i) passage.pass();
    EXPECT_NEAR(passage.endpoint(0).inflight, 20, 1);
    passage.gate.set_intake(kFirst, {});
    for (int i = 0; i < 100; ++i) passage.pass();
    EXPECT_NEAR(passage.endpoint(0).inflight, 70, 1);
}

TEST(EndpointOnTrial, TakesOneRequestAtATime) {
    Passage passage({10, 10});
    passage.gate.set_intake(kFirst, {.trial = true});
    EXPECT_EQ(passage.pass_all(), 11);
    EXPECT_EQ(passage.endpoint(0).inflight, 1U);
    passage.end_first();
    EXPECT_EQ(passage.pass_all(), 1);
    passage.gate.set_intake(kFirst, {});
    EXPECT_EQ(passage.pass_all(), 9);
}

TEST(EndpointOnTrial, IsNotKeptFromItByRequestsFromBefore) {
    Passage passage({10});
    passage.pass();
    passage.pass();
    passage.gate.set_intake(kFirst, {.trial = true});
    EXPECT_EQ(passage.pass_all(), 1);
}

TEST(EndpointOnTrial, TakesWhatMustRunOnlyWhereNoOtherCan) {
    Passage passage({10, 10});
    passage.gate.set_intake(kFirst, {.trial = true});
    while (passage.endpoint(0).inflight == 0) passage.pass();
    for (int i = 0; i < 3; ++i) EXPECT_EQ(passage.gate.least_loaded()->id, kSecond);
    passage.gate.set_intake(kSecond, {.open = false});
    EXPECT_EQ(passage.gate.least_loaded()->id, kFirst);
}

}  // namespace
}  // namespace weir::admission
