// The law of judge.hpp on random operations: order, gate safety, work conservation, guarantees, bounded queues and
// waits, every count given back exactly once, and early refusals that are consistent. JudgeWorld holds the checks.

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
    for (const Operation& operation : flood()) world.play(operation);
    for (const Operation& operation : *any_operations()) world.play(operation);
    world.end_all();
}

}  // namespace
}  // namespace weir::test
