// Presets against known figures of such engines: bands, because engines and versions differ.

#include <gtest/gtest.h>

#include "support/engine_run.hpp"

namespace weir::simulate {
namespace {

using test::EngineRun;

double milliseconds(Duration length) { return 1000 * seconds(length); }

// Time per token with this many sequences of `prompt` tokens in the batch.
double per_token_at(std::string_view preset, RequestId batch, std::uint32_t prompt) {
    EngineRun run(engine_preset(preset).value());
    for (RequestId id = 0; id < batch; ++id) EXPECT_TRUE(run.submit(id, prompt, 400));
    run.run_until_idle();
    // Of the last one, which shares the whole batch nearly to its end.
    return milliseconds(run.outcomes[batch - 1].per_token());
}

double first_token_of(std::string_view preset, std::uint32_t prompt) {
    EngineRun run(engine_preset(preset).value());
    EXPECT_TRUE(run.submit(1, prompt, 1));
    run.run_until_idle();
    return milliseconds(run.outcomes[1].to_first_token());
}

TEST(EnginePreset, EveryNameHasAConfiguration) {
    for (const auto name : engine_preset_names()) {
        const auto config = engine_preset(name);
        ASSERT_TRUE(config) << name;
        EXPECT_GT(config->max_num_batched_tokens, config->max_num_seqs);
    }
    EXPECT_FALSE(engine_preset("h100"));
}

TEST(EnginePreset, H100ComputesAChunkOfPromptInAbout70Milliseconds) {
    EXPECT_NEAR(first_token_of("h100-8b", 2'048), 70, 10);
}

TEST(EnginePreset, H100SlowsFromBelow10To30MillisecondsATokenAsItsBatchFills) {
    EXPECT_GT(per_token_at("h100-8b", 1, 500), 5);
    EXPECT_LT(per_token_at("h100-8b", 1, 500), 10);
    EXPECT_GT(per_token_at("h100-8b", 256, 800), 22);
    EXPECT_LT(per_token_at("h100-8b", 256, 800), 40);
}

TEST(EnginePreset, TheLargestCardsHaveTheLargestBatches) {
    EXPECT_EQ(engine_preset("h100-8b")->max_num_seqs, 1'024U);
    EXPECT_EQ(engine_preset("h100-8b")->max_num_batched_tokens, 8'192U);
    for (const auto name : {"a100-8b", "l40s-8b"}) {
        EXPECT_EQ(engine_preset(name)->max_num_seqs, 256U) << name;
        EXPECT_EQ(engine_preset(name)->max_num_batched_tokens, 2'048U) << name;
    }
}

TEST(EnginePreset, L40sReadsItsMemoryAtAQuarterOfTheSpeedAndHasHalfOfIt) {
    EXPECT_NEAR(per_token_at("l40s-8b", 1, 500) / per_token_at("h100-8b", 1, 500), 2.9, 0.4);
    EXPECT_LT(engine_preset("l40s-8b")->kv_tokens, engine_preset("h100-8b")->kv_tokens / 2);
}

TEST(EnginePreset, A100IsTwoToThreeTimesSlower) {
    EXPECT_GT(first_token_of("a100-8b", 2'048), 2 * first_token_of("h100-8b", 2'048));
    EXPECT_LT(per_token_at("a100-8b", 1, 500), 15);
}

TEST(EnginePreset, SmallGpuSaturatesBetween20And30RequestsASecond) {
    EngineRun run(engine_preset("small-gpu").value());
    constexpr RequestId kRequests = 500;
    for (RequestId id = 0; id < kRequests; ++id) EXPECT_TRUE(run.submit(id, 100, 24));
    run.run_until_idle();
    const double rate = kRequests / seconds(run.clock.now() - test::kStart);
    EXPECT_GT(rate, 20);
    EXPECT_LT(rate, 30);
}

TEST(EngineSettings, ChangeWhatTheyName) {
    EngineConfig config;
    ASSERT_FALSE(
        set_engine(config, "max_num_seqs=128,kv_tokens=200000,prefix_share=0.25,fixed=5.5ms,per_context_token=25ns"));
    EXPECT_EQ(config.max_num_seqs, 128U);
    EXPECT_EQ(config.kv_tokens, 200'000U);
    EXPECT_EQ(config.prefix_tokens(), 50'000U);
    EXPECT_EQ(config.fixed, 5500us);
    EXPECT_EQ(config.per_context_token, 25ns);
    EXPECT_EQ(config.max_num_batched_tokens, EngineConfig{}.max_num_batched_tokens);
    ASSERT_FALSE(set_engine(config, ""));
}

TEST(EngineSettings, AreRefusedWithWhatIsRight) {
    for (const auto text : {"slots=4", "max_num_seqs", "max_num_seqs=0", "max_num_seqs=a", "fixed=7", "fixed=0ms",
                            "per_sequence=1h", "kv_tokens=10us", "prefix_share=1.5", "max_num_seqs=8192"}) {
        EngineConfig config;
        EXPECT_TRUE(set_engine(config, text)) << text;
    }
    EngineConfig config;
    EXPECT_NE(set_engine(config, "slots=4")->message.find("max_num_seqs, max_num_batched_tokens"), std::string::npos);
}

}  // namespace
}  // namespace weir::simulate
