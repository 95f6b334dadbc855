#include "lab/simulate/engine.hpp"

#include <gtest/gtest.h>

#include "support/engine_run.hpp"

namespace weir::simulate {
namespace {

using test::EngineRun;
using Kind = EngineEvent::Kind;

// Costs for mental arithmetic: 10 ms a step, 10 us a prompt token, 1 ms a sequence.
EngineConfig simple() {
    EngineConfig config;
    config.max_num_seqs = 4;
    config.max_num_batched_tokens = 1'000;
    config.kv_tokens = 100'000;
    config.fixed = 10ms;
    config.per_prompt_token = 10us;
    config.per_sequence = 1ms;
    config.per_context_token = 0ns;
    return config;
}

TEST(Engine, GivesARequestExactlyItsTokensAtTheEndsOfSteps) {
    EngineRun run(simple());
    ASSERT_TRUE(run.submit(7, 100, 3));
    EXPECT_EQ(run.engine.next_event(), test::kStart + 12ms);
    run.run_until_idle();
    const TimePoint first = test::kStart + 12ms;
    const std::vector<EngineEvent> expected{{Kind::first_token, 7, first, 1},
                                            {Kind::token, 7, first + 11ms, 2},
                                            {Kind::token, 7, first + 22ms, 3},
                                            {Kind::finished, 7, first + 22ms, 3, 103}};
    EXPECT_EQ(run.events, expected);
    EXPECT_EQ(run.engine.counts().kv_used, 0U);
}

TEST(Engine, KnowsWhatItHasComputedForARequest) {
    EngineRun run(simple());
    ASSERT_TRUE(run.submit(1, 1'500, 10));
    EXPECT_EQ(run.engine.computed(1), 1'000U);  // a step's budget of its prompt
    for (int i = 0; i < 3; ++i) run.engine.advance(*run.engine.next_event(), run.events);
    EXPECT_EQ(run.engine.computed(1), 1'502U);
    run.engine.cancel(1);
    EXPECT_EQ(run.engine.computed(1), 0U);
}

TEST(Engine, ARequestForOneTokenEndsWithItsFirst) {
    EngineRun run(simple());
    ASSERT_TRUE(run.submit(1, 1, 1));
    run.run_until_idle();
    ASSERT_EQ(run.events.size(), 2U);
    EXPECT_EQ(run.events[1].kind, Kind::finished);
}

TEST(Engine, SplitsLongPromptsIntoChunks) {
    EngineRun run(simple());
    ASSERT_TRUE(run.submit(1, 2'500, 1));
    run.run_until_idle();
    EXPECT_EQ(run.outcomes[1].to_first_token(), 3 * 11ms + 25ms);
}

TEST(Engine, ALongPromptSlowsDecodingDownButDoesNotStopIt) {
    EngineRun run(simple());
    ASSERT_TRUE(run.submit(1, 1, 100));
    run.run_for(100ms);
    const std::uint32_t before = run.outcomes[1].tokens;
    ASSERT_TRUE(run.submit(2, 5'000, 1));
    run.run_for(120ms);
    const std::uint32_t given = run.outcomes[1].tokens - before;
    EXPECT_GE(given, 5U);
    EXPECT_LE(given, 6U) << "10 without the prompt";
}

TEST(Engine, ServesInTheOrderOfArrival) {
    EngineRun run(simple());
    for (std::uint32_t id = 0; id < 40; ++id) {
        ASSERT_TRUE(run.submit(id, 10 + id % 7 * 100, 5, -static_cast<int>(id)));
    }
    run.run_until_idle();
    for (RequestId id = 1; id < 40; ++id) {
        EXPECT_LE(run.outcomes[id - 1].first_token, run.outcomes[id].first_token) << id;
    }
}

TEST(Engine, ServesByPriorityIfConfigured) {
    auto config = simple();
    config.order = QueueOrder::priority;
    EngineRun run(config);
    for (RequestId id = 0; id < 10; ++id) ASSERT_TRUE(run.submit(id, 10, 20, 5));
    ASSERT_TRUE(run.submit(100, 10, 20, 0));
    run.run_until_idle();
    // The first was alone when it came; the urgent one takes the next slot.
    EXPECT_LT(run.outcomes[100].first_token, run.outcomes[4].first_token);
    EXPECT_GT(run.outcomes[100].first_token, run.outcomes[0].first_token);
}

TEST(Engine, TokensSlowDownAsTheBatchGrows) {
    Duration alone{}, together{};
    for (const RequestId batch : {1, 4}) {
        EngineRun run(simple());
        for (RequestId id = 0; id < batch; ++id) ASSERT_TRUE(run.submit(id, 1, 50));
        run.run_until_idle();
        (batch == 1 ? alone : together) = run.outcomes[0].per_token();
    }
    EXPECT_EQ(alone, 11ms);
    EXPECT_GT(together, 13ms);
}

TEST(Engine, OverloadDelaysTheFirstTokenWithoutBound) {
    EngineRun run(simple());
    // Capacity: 4 slots, about 14 x 20 ms a request, so 14 a second. Offered: twice that, for 20 s.
    constexpr RequestId kRequests = 560;
    for (RequestId id = 0; id < kRequests; ++id) {
        ASSERT_TRUE(run.submit(id, 10, 20));
        run.run_for(1s / 28);
    }
    run.run_until_idle();
    EXPECT_LT(run.outcomes[3].to_first_token(), 100ms);
    EXPECT_GT(run.outcomes[kRequests / 2].to_first_token(), 4s);
    EXPECT_GT(run.outcomes[kRequests - 1].to_first_token(), 8s);
}

TEST(Engine, CancellingFreesTheSlot) {
    EngineRun run(simple());
    for (RequestId id = 0; id < 5; ++id) ASSERT_TRUE(run.submit(id, 10, 1'000));
    run.run_for(100ms);
    EXPECT_EQ(run.engine.counts().running, 4U);
    EXPECT_EQ(run.engine.counts().waiting, 1U);
    EXPECT_TRUE(run.engine.cancel(2));
    EXPECT_FALSE(run.engine.cancel(2));
    EXPECT_EQ(run.engine.counts().running, 3U);
    run.run_for(100ms);
    EXPECT_EQ(run.engine.counts().running, 4U);
    EXPECT_GT(run.outcomes[4].tokens, 0U);
    for (const RequestId id : {0, 1, 3, 4}) EXPECT_TRUE(run.engine.cancel(id));
    run.run_until_idle();
    EXPECT_EQ(run.engine.counts().kv_used, 0U);
}

TEST(Engine, CancellingWhileQueuedOrInThePromptLeavesNothing) {
    EngineRun run(simple());
    ASSERT_TRUE(run.submit(1, 5'000, 10));
    ASSERT_TRUE(run.submit(2, 5'000, 10));
    run.run_for(25ms);
    EXPECT_TRUE(run.engine.cancel(1));
    EXPECT_TRUE(run.engine.cancel(2));
    run.run_until_idle();
    EXPECT_TRUE(run.events.empty());
    EXPECT_EQ(run.engine.counts().kv_used, 0U);
    ASSERT_TRUE(run.submit(3, 10, 10));
    run.run_until_idle();
    EXPECT_TRUE(run.outcomes[3].ended);
}

TEST(Engine, AFullCachePreemptsTheLastAndRecomputesIt) {
    auto config = simple();
    config.kv_tokens = 250;
    EngineRun run(config);
    ASSERT_TRUE(run.submit(1, 100, 100));
    ASSERT_TRUE(run.submit(2, 100, 100));
    run.run_until_idle();
    EXPECT_GE(run.engine.counts().preemptions, 1U);
    for (const RequestId id : {1, 2}) {
        EXPECT_TRUE(run.outcomes[id].ended);
        EXPECT_EQ(run.outcomes[id].tokens, 100U);
    }
    EXPECT_LT(run.outcomes[1].finished, run.outcomes[2].finished);
    EXPECT_EQ(run.engine.counts().kv_used, 0U);
}

TEST(Engine, ARequestThatNeverFitsTheCacheIsRejected) {
    auto config = simple();
    config.kv_tokens = 250;
    EngineRun run(config);
    EXPECT_FALSE(run.submit(1, 200, 51));
    EXPECT_TRUE(run.submit(1, 200, 50));
    run.run_until_idle();
    EXPECT_EQ(run.outcomes[1].tokens, 50U);
}

TEST(Engine, WithoutTokenEventsFirstTokensAndEndingsAreTheSame) {
    const auto play = [](std::uint32_t token_events) {
        auto config = simple();
        config.kv_tokens = 600;
        config.token_events = token_events;
        EngineRun run(config);
        for (std::uint32_t id = 0; id < 50; ++id) {
            EXPECT_TRUE(run.submit(id, 1 + id * 37 % 150, 1 + id * 11 % 90));
            run.run_for(20ms);
        }
        run.run_until_idle();
        std::erase_if(run.events, [](const EngineEvent& event) { return event.kind == Kind::token; });
        return run.events;
    };
    EXPECT_EQ(play(1), play(0));
    EXPECT_EQ(play(16), play(0));
}

}  // namespace
}  // namespace weir::simulate
