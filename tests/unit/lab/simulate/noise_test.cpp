// What is not exact in a simulation: the engines' steps, and what a proxy knows.

#include <gtest/gtest.h>

#include <cmath>

#include "lab/simulate/random.hpp"
#include "support/engine_run.hpp"
#include "unit/lab/simulate/small_simulation.hpp"

namespace weir::simulate {
namespace {

using namespace std::chrono_literals;
using test::EngineRun;

// The time that 400 tokens take.
Duration decoded(const EngineConfig& config) {
    EngineRun run(config);
    EXPECT_TRUE(run.submit(1, 100, 400));
    run.run_until_idle();
    return run.outcomes[1].finished - run.outcomes[1].first_token;
}

TEST(Noise, OfStepsIsDrawnFromTheSeed) {
    EngineConfig config = *engine_preset("small-gpu");
    const Duration exact = decoded(config);
    config.step_noise = 0.2;
    const Duration noisy = decoded(config);
    EXPECT_NE(noisy, exact);
    EXPECT_NEAR(seconds(noisy) / seconds(exact), 1, 0.1);
    EXPECT_EQ(decoded(config), noisy);
    config.seed = 2;
    EXPECT_NE(decoded(config), noisy);
}

TEST(Noise, AStallLengthensAStepAsOftenAsItIsSetTo) {
    EngineConfig config = *engine_preset("small-gpu");
    const Duration exact = decoded(config);
    config.stall = 100s;  // much longer than all steps together
    config.stall_every = exact / 5;
    const double stalls = std::round(seconds(decoded(config) - exact) / 100);
    EXPECT_GE(stalls, 1);
    EXPECT_LE(stalls, 12);
}

TEST(Noise, LogNormalNumbersHaveTheirSigmaAndMedian) {
    double sum = 0;
    double squares = 0;
    constexpr int kCount = 4'000;
    for (std::uint64_t i = 0; i < kCount; ++i) {
        const double drawn = std::log(log_normal(0.3, 1, i, 0));
        sum += drawn;
        squares += drawn * drawn;
    }
    EXPECT_NEAR(sum / kCount, 0, 0.02);
    EXPECT_NEAR(std::sqrt(squares / kCount), 0.3, 0.02);
    EXPECT_EQ(log_normal(0, 1, 7, 0), 1);
}

TEST(Noise, OfEstimatesReachesTheJudgeAndNotTheEngine) {
    SimulationConfig config = test::sim_config();
    config.backends[0].endpoints[0].context_tokens = 2'000;  // binds before the slots do
    const Trace trace = test::sim_trace(20, 5, 40);
    const simulate::Run exact = test::sim_run(config, trace);
    config.estimate_error = 1;
    const simulate::Run wrong = test::sim_run(config, trace);
    EXPECT_NE(wrong.classes[1].whole.served, exact.classes[1].whole.served);
    config.controller = "none";
    const simulate::Run unread = test::sim_run(config, trace);
    config.estimate_error = 0;
    EXPECT_EQ(test::sim_run(config, trace).length, unread.length);
}

TEST(Noise, SharedPrefixesAreFoundInTheCaches) {
    Trace trace = test::sim_trace(20, 5, 0);
    share_prefixes(trace, 0.7);
    const simulate::Run run = test::sim_run(test::sim_config(), trace);
    const PrefixTally& prefixes = run.classes[0].whole.prefixes;
    // 64 of 100 tokens: whole blocks; the first request finds nothing.
    EXPECT_EQ(prefixes.cached_tokens, 99U * 64);
}

}  // namespace
}  // namespace weir::simulate
