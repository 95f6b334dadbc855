// The simulation around a controller. Bands and invariants, never single values: the engine is a model.

#include "lab/simulate/simulation.hpp"
#include "lab/simulate/controllers.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "unit/lab/simulate/small_simulation.hpp"

namespace weir::simulate {
namespace {

using test::kBulk;
using test::kDirect;
using test::sim_config;
using test::sim_run;
using test::sim_trace;

const Tally& of(const Run& run, ClassId cls) { return run.classes[index(cls)].whole; }

std::uint64_t unserved(const Run& run, ClassId cls, Reason reason) {
    return of(run, cls).unserved[static_cast<std::size_t>(reason)];
}

SimulationConfig decided_by(std::string_view controller, SimulationConfig config = sim_config()) {
    config.controller = controller;
    return config;
}

TEST(Simulation, ServesEveryRequestWhileThereIsCapacity) {
    for (const auto name : controller_names()) {
        const simulate::Run run = sim_run(decided_by(name), sim_trace(20, 5, 2));
        EXPECT_EQ(of(run, kDirect).offered, 100U) << name;
        EXPECT_EQ(of(run, kDirect).good, 100U) << name;
        EXPECT_EQ(of(run, kBulk).served, 40U) << name;
        EXPECT_EQ(run.tries, 140U) << name;
    }
}

TEST(Simulation, GivesEveryRequestExactlyOneEnding) {
    for (const auto name : controller_names()) {
        SimulationConfig config = decided_by(name, sim_config(2));
        config.losses.push_back({EndpointId{1}, {2s, 4s}});
        config.slowdowns.push_back({0.5, {3s, 5s}});
        const Trace trace = sim_trace(6, 20, 100);
        const simulate::Run run = sim_run(config, trace);
        std::uint64_t endings = 0;
        for (const ClassRun& cls : run.classes) endings += cls.whole.served + cls.whole.refused() + cls.whole.failed();
        EXPECT_EQ(endings, trace.requests.size()) << name;
    }
}

// Its first token reaches the client's tally, but no rule hears of it.
TEST(Simulation, ShowsNoRuleTheFirstTokenOfAnAnswerThatIsNotStreamed) {
    Trace streamed = sim_trace(20, 3, 20);
    for (TraceRequest& request : streamed.requests) request.prompt_tokens = 800;
    Trace whole = streamed;
    for (TraceRequest& request : whole.requests) request.streams = Streams::no;
    const simulate::Run seen = sim_run(sim_config(), streamed);
    const simulate::Run unseen = sim_run(sim_config(), whole);
    Tally first = of(unseen, kDirect);
    EXPECT_TRUE(first.first_token(0.5));
    // The judge decides by the prompts that are pending: where it does not see them end, it decides otherwise.
    EXPECT_NE(of(unseen, kBulk).served, of(seen, kBulk).served);
    // A rule that asks for no first token is the same.
    EXPECT_EQ(of(sim_run(decided_by("cap"), streamed), kBulk).served,
              of(sim_run(decided_by("cap"), whole), kBulk).served);
}

TEST(Simulation, WeirKeepsDirectUsersUnharmedByASurgeAndNoControllerDoesNot) {
    const Trace surge = sim_trace(20, 15, 200);
    const simulate::Run with_weir = sim_run(decided_by("weir"), surge);
    EXPECT_GE(of(with_weir, kDirect).goodput(), 0.99);
    EXPECT_GT(of(with_weir, kBulk).served, 0U);
    EXPECT_LT(of(sim_run(decided_by("none"), surge), kDirect).goodput(), 0.3);
}

TEST(Simulation, RepeatsItselfForTheSameSeed) {
    const Trace surge = sim_trace(6, 15, 100);
    const auto first_tokens = [&](std::uint64_t seed) {
        SimulationConfig config = decided_by("weir");
        config.seed = seed;
        return of(sim_run(config, surge), kBulk).first_tokens;
    };
    EXPECT_EQ(first_tokens(1), first_tokens(1));
    EXPECT_NE(first_tokens(1), first_tokens(2));
}

TEST(Simulation, ClientsRetryTwiceUnlessAdvisedNotTo) {
    SimulationConfig config = decided_by("cap");
    const Trace surge = sim_trace(5, 0, 500);
    const simulate::Run run = sim_run(config, surge);
    const Tally& bulk = of(run, kBulk);
    EXPECT_GT(bulk.refused(), bulk.offered / 2);
    EXPECT_GE(bulk.retries, 2 * bulk.refused());
    EXPECT_LE(bulk.retries, 2 * bulk.offered);

    config.retries = false;
    EXPECT_EQ(of(sim_run(config, surge), kBulk).retries, 0U);

    SimulationConfig advised = decided_by("weir");
    advised.backends[0].classes[1].config.refusal.tell_no_retry = true;
    EXPECT_EQ(of(sim_run(advised, surge), kBulk).retries, 0U);
}

TEST(Simulation, ClientsWithoutAFirstTokenLeave) {
    SimulationConfig config = decided_by("none");
    config.give_up = 5s;
    const simulate::Run run = sim_run(config, sim_trace(20, 0, 100));
    EXPECT_GT(unserved(run, kBulk, Reason::client_gone), 500U);
    auto bulk = of(run, kBulk);
    EXPECT_LE(bulk.first_token(1), 5.0);
}

TEST(Simulation, CountsWorkForClientsThatLeftAsWasted) {
    const Trace surge = sim_trace(20, 0, 100);
    const simulate::Run calm = sim_run(decided_by("none"), sim_trace(20, 0, 5));
    EXPECT_EQ(of(calm, kBulk).computed, 124 * of(calm, kBulk).served);
    EXPECT_EQ(of(calm, kBulk).wasted, 0U);
    SimulationConfig impatient = decided_by("none");
    impatient.give_up = 100ms;
    const simulate::Run hurried = sim_run(impatient, surge);
    EXPECT_GT(of(hurried, kBulk).wasted, 0U);
    EXPECT_LT(of(hurried, kBulk).wasted, of(hurried, kBulk).computed);
}

TEST(Simulation, TakesAVictimOutOfItsEngine) {
    // Otherwise its answer would come to a request that has ended, or its slot would leak.
    const Trace surge = sim_trace(10, 15, 100);
    const simulate::Run run = sim_run(decided_by("smg:reserved=0"), surge);
    EXPECT_GT(of(run, kBulk).wasted, 0U);
    EXPECT_GT(of(run, kBulk).retries, 0U);
    EXPECT_GE(of(run, kDirect).goodput(), 0.95);
}

TEST(Simulation, CountsTheFirstTokenFromTheFirstTry) {
    // A refused client comes back about half a second later.
    const Trace trace = sim_trace(1, 40, 0);
    const simulate::Run run = sim_run(decided_by("cap"), trace);
    auto direct = of(run, kDirect);
    EXPECT_GT(direct.retries, 0U);
    EXPECT_GT(direct.served, 30U);
    EXPECT_GT(direct.first_token(1), 0.375);
}

TEST(Simulation, MovesRequestsOfALostEndpointToAnother) {
    SimulationConfig config = decided_by("weir", sim_config(2));
    config.losses.push_back({EndpointId{0}, {5s, 10s}});
    const Trace trace = sim_trace(15, 10, 0);
    const simulate::Run run = sim_run(config, trace);
    // Those in the middle of an answer have failed; all others are served by the other one.
    EXPECT_EQ(of(run, kDirect).failed(), unserved(run, kDirect, Reason::backend_died));
    EXPECT_LT(of(run, kDirect).failed(), 16U);
    EXPECT_EQ(of(run, kDirect).refused(), 0U);
}

TEST(Simulation, RefusesWhileNoEndpointIsLeftAndServesWhenOneIsBack) {
    SimulationConfig config = decided_by("weir");
    config.losses.push_back({EndpointId{0}, {5s, 25s}});
    const simulate::Run run = sim_run(config, sim_trace(40, 5, 0));
    EXPECT_GT(unserved(run, kDirect, Reason::no_endpoint), 0U);
    EXPECT_GT(of(run, kDirect).served, 80U);
}

TEST(Simulation, AnEndpointIsBackWhenTheLastOfItsLossesIsOver) {
    SimulationConfig config = decided_by("none");
    config.retries = false;
    config.losses = {{EndpointId{0}, {2s, 10s}}, {EndpointId{0}, {3s, 5s}}};
    const simulate::Run run = sim_run(config, sim_trace(20, 1, 0));
    EXPECT_EQ(unserved(run, kDirect, Reason::no_endpoint), 8U);
    EXPECT_EQ(of(run, kDirect).served, 12U);
}

TEST(Simulation, SlowsItsEngines) {
    SimulationConfig config = decided_by("none");
    const Trace trace = sim_trace(10, 1, 0);
    auto usual = of(sim_run(config, trace), kDirect);
    config.slowdowns.push_back({0.5, {0s, 60s}});
    auto slowed = of(sim_run(config, trace), kDirect);
    EXPECT_NEAR(*slowed.first_token(0.5), 2 * *usual.first_token(0.5), 0.01);
}

TEST(Simulation, RejectsAPromptThatNeverFits) {
    Trace trace = sim_trace(1, 1, 0);
    trace.requests[0].prompt_tokens = 1'000'000;
    const simulate::Run run = sim_run(decided_by("weir"), trace);
    EXPECT_EQ(unserved(run, kDirect, Reason::bad_request), 1U);
    EXPECT_EQ(run.tries, 1U);
}

TEST(Simulation, CountsItsWindowSeparately) {
    SimulationConfig config = decided_by("weir");
    config.window = Window{5s, 10s};
    const simulate::Run run = sim_run(config, sim_trace(20, 4, 0));
    EXPECT_EQ(of(run, kDirect).offered, 80U);
    EXPECT_EQ(run.classes[0].during.offered, 20U);
    EXPECT_EQ(run.classes[0].clients_whole, 20U);
    EXPECT_EQ(run.classes[0].clients_partly + run.classes[0].clients_not, 0U);
}

}  // namespace
}  // namespace weir::simulate
