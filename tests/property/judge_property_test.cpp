// The law of judge.hpp on random operations: order, gate safety, work conservation, bounded lines and waits, every
// count given back exactly once, and early refusals that keep their word. JudgeWorld holds the checks.

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "property/judge_world.hpp"

namespace weir::test {
namespace {

RC_GTEST_PROP(JudgeProperty, KeepsTheLawAtEveryStepAndLeavesNothingBehind, ()) {
    const Plan plan = *any_plan();
    JudgeWorld world(plan);
    for (const Operation& operation : *any_operations()) world.play(operation);
    world.end_all();
}

RC_GTEST_PROP(JudgeProperty, KeepsTheLawUnderFlood, ()) {
    const Plan plan = *any_plan();
    JudgeWorld world(plan);
    // Full before anything happens: the interesting states of a short sequence.
    for (std::uint32_t i = 0; i < 40; ++i) world.play({Operation::arrive, 3 - i % 4, i % 3, i % 5 == 0, 0, 0});
    for (const Operation& operation : *any_operations()) world.play(operation);
    world.end_all();
}

}  // namespace
}  // namespace weir::test
