// A learned limit stays within its bounds whatever is reported of an endpoint, and never becomes NaN.

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <tuple>
#include <vector>

#include "admission/learn/limit_learner.hpp"
#include "support/virtual_time.hpp"

namespace weir::test {
namespace {

using namespace std::chrono_literals;

RC_GTEST_PROP(LearnerProperty, StaysWithinItsBoundsForAnyInput, ()) {
    const auto least = *rc::gen::inRange(1U, 50U);
    const auto most = *rc::gen::inRange(least, 1'000U);
    admission::LearnConfig config{.start = *rc::gen::inRange(0U, 2'000U), .min = least, .max = most};
    config.per_token_slo = std::chrono::milliseconds(*rc::gen::inRange(0, 100));
    admission::LimitLearner learner(config, kStart);
    TimePoint now = kStart;
    // What happens, how long it took in ms (clocks may seem to run backwards), tokens, ms since the last.
    using Step = std::tuple<int, int, std::uint32_t, int>;
    const auto steps = *rc::gen::container<std::vector<Step>>(
        rc::gen::tuple(rc::gen::inRange(0, 4), rc::gen::inRange(-1'000, 100'000), rc::gen::arbitrary<std::uint32_t>(),
                       rc::gen::inRange(0, 500)));
    for (const auto& [what, took, tokens, later] : steps) {
        now += std::chrono::milliseconds(later);
        const auto time = std::chrono::milliseconds(took);
        if (what == 0) learner.finished(time, tokens);
        if (what == 1) learner.note_refusing(tokens % 2 == 0, now);
        if (what >= 2) learner.first_token(time, tokens, std::uint64_t{tokens} * 3);
        const std::uint32_t limit = learner.update(tokens % 300, now);
        RC_ASSERT(limit >= least);
        RC_ASSERT(limit <= most);
    }
}

}  // namespace
}  // namespace weir::test
