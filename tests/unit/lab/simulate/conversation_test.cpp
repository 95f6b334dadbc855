// Conversations through a whole simulation: engines with prefix caches, and the judge's choice between them.

#include <gtest/gtest.h>

#include "base/stable_hash.hpp"
#include "support/engine_run.hpp"
#include "unit/lab/simulate/small_simulation.hpp"

namespace weir::simulate {
namespace {

using namespace std::chrono_literals;
using test::sim_run;

constexpr std::uint32_t kTurn = 160;  // tokens that each turn adds: 96 asked, 64 answered
constexpr std::uint32_t kTalks = 21;  // not a multiple of the endpoints: taking turns must not look like affinity

// Each has a turn every 10 s.
Trace conversations(std::uint32_t turns) {
    Trace trace;
    trace.hints = {"direct"};
    for (std::uint32_t turn = 0; turn < turns; ++turn) {
        for (std::uint32_t talk = 0; talk < kTalks; ++talk) {
            const Duration at = 10s * turn + 230ms * talk;
            const Lineage lineage{.conversation = StableHash::mix(talk + 1)};
            trace.requests.push_back({at, turn * 100 + talk, turn * kTurn + 96, 64, kNoClient, 0, lineage});
        }
    }
    return trace;
}

SimulationConfig balanced(Balance balance) {
    SimulationConfig config = test::sim_config(4);
    config.backends[0].balance = balance;
    for (auto& endpoint : config.backends[0].endpoints) endpoint.name_hash = StableHash::mix(index(endpoint.id));
    return config;
}

TEST(Conversations, OneEngineFindsAllThatWasSaidBefore) {
    const simulate::Run run = sim_run(test::sim_config(1), conversations(4));
    const PrefixTally& prefixes = run.classes[0].whole.prefixes;
    EXPECT_EQ(prefixes.cached_tokens, kTalks * kTurn * (1 + 2 + 3));
    EXPECT_EQ(prefixes.cached_tokens, prefixes.cacheable_tokens);
    EXPECT_EQ(prefixes.cached, 3 * kTalks);
    EXPECT_FALSE(run.spread.imbalance());
}

TEST(Conversations, AffinityFindsMoreOfThemThanTheMostRoomDoes) {
    const simulate::Run by_room = sim_run(balanced(Balance::most_room), conversations(6));
    const simulate::Run by_prefix = sim_run(balanced(Balance::prefix_affinity), conversations(6));
    const auto cached = [](const simulate::Run& run) { return run.classes[0].whole.prefixes.cached_tokens; };
    EXPECT_EQ(by_room.classes[0].whole.prefixes.cacheable_tokens, by_prefix.classes[0].whole.prefixes.cacheable_tokens);
    EXPECT_LT(cached(by_room), by_room.classes[0].whole.prefixes.cacheable_tokens * 3 / 4);
    EXPECT_GT(cached(by_prefix), cached(by_room));
    EXPECT_GE(*by_prefix.spread.imbalance(), 1);
}

TEST(Conversations, WithoutACacheNothingIsFound) {
    SimulationConfig config = balanced(Balance::prefix_affinity);
    config.engine.prefix_share = 0;
    const simulate::Run run = sim_run(config, conversations(3));
    EXPECT_EQ(run.classes[0].whole.prefixes.cached_tokens, 0U);
    EXPECT_GT(run.classes[0].whole.prefixes.cacheable_tokens, 0U);
}

TEST(Conversations, WhatTheCacheHasCostsNoTime) {
    test::EngineRun run(*engine_preset("small-gpu"));
    const Lineage talk{.conversation = 5};
    std::vector<EngineEvent> events;
    ASSERT_TRUE(run.engine.submit(1, 480, 1, 0, test::kStart, talk));
    const Duration first = *run.engine.next_event() - test::kStart;
    run.run_until_idle();
    const TimePoint then = run.clock.now();
    ASSERT_TRUE(run.engine.submit(2, 500, 1, 0, then, talk));
    EXPECT_LT(*run.engine.next_event() - then, first * 3 / 4);
    EXPECT_EQ(run.engine.computed(2), 20U);
    EXPECT_EQ(run.engine.counts().kv_used, 500U);
    run.run_until_idle();
    EXPECT_EQ(run.events[2].cached, 480U);
}

}  // namespace
}  // namespace weir::simulate
