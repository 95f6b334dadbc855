#include "upstream/engine_report.hpp"

#include <gtest/gtest.h>

namespace weir::upstream {
namespace {

TEST(EngineReport, ReadsVllmsBlocks) {
    EXPECT_EQ(
        context_tokens_in("# HELP vllm:cache_config_info Information of the LLMEngine CacheConfig\n"
                          "# TYPE vllm:cache_config_info gauge\n"
                          "vllm:cache_config_info{block_size=\"16\",cache_dtype=\"auto\",num_gpu_blocks=\"25000\","
                          "num_gpu_blocks_override=\"None\"} 1.0\n"),
        400'000U);
    EXPECT_EQ(context_tokens_in(
                  "vllm:cache_config_info{max_block_size=\"99\",num_gpu_blocks=\"10\",block_size=\"32\"} 1\r\n"),
              320U);
}

TEST(EngineReport, ReadsSglangsTokens) {
    EXPECT_EQ(context_tokens_in("x 1\nsglang:max_total_num_tokens{model_name=\"m\"} 123456.0\n"), 123'456U);
    EXPECT_EQ(context_tokens_in("sglang:max_total_num_tokens 5000 1700000000"), 5'000U);
}

TEST(EngineReport, IgnoresNonsense) {
    for (const std::string_view page :
         {"", "vllm:cache_config_info", "vllm:cache_config_info{num_gpu_blocks=\"None\",block_size=\"16\"} 1",
          "vllm:cache_config_info{num_gpu_blocks=\"-1\",block_size=\"16\"} 1",
          "vllm:cache_config_info{num_gpu_blocks=\"nan\",block_size=\"16\"} 1",
          "vllm:cache_config_info{num_gpu_blocks=\"1e30\",block_size=\"16\"} 1",
          "vllm:cache_config_info{num_gpu_blocks=\"100\"} 1", "vllm:cache_config_info_total{num_gpu_blocks=\"1\"} 1",
          "sglang:max_total_num_tokens NaN", "sglang:max_total_num_tokens 0", "sglang:max_total_num_tokens{"}) {
        EXPECT_EQ(context_tokens_in(page), std::nullopt) << page;
    }
}

TEST(EngineReport, ReadsTheGaugesOfEveryEngine) {
    const EngineGauges vllm = gauges_in(
        "# TYPE vllm:num_requests_running gauge\n"
        "vllm:num_requests_running{engine=\"0\",model_name=\"m\"} 12.0\n"
        "vllm:num_requests_waiting{engine=\"0\",model_name=\"m\"} 3\n"
        "vllm:kv_cache_usage_perc{engine=\"0\",model_name=\"m\"} 0.25\r\n");
    EXPECT_EQ(vllm.running, 12);
    EXPECT_EQ(vllm.waiting, 3);
    EXPECT_EQ(vllm.kv_usage, 0.25);
    const EngineGauges sglang =
        gauges_in("sglang:num_running_reqs{a=\"b\"} 7\nsglang:num_queue_reqs 0\nsglang:token_usage 0.5\n");
    EXPECT_EQ(sglang.running, 7);
    EXPECT_EQ(sglang.waiting, 0);
    EXPECT_EQ(sglang.kv_usage, 0.5);
    const EngineGauges llama =
        gauges_in("llamacpp:requests_processing 4\nllamacpp:requests_deferred 9\nllamacpp:kv_cache_usage_ratio 1\n");
    EXPECT_EQ(llama.running, 4);
    EXPECT_EQ(llama.waiting, 9);
    EXPECT_EQ(llama.kv_usage, 1);
    const EngineGauges tgi = gauges_in("tgi_batch_current_size 2\ntgi_queue_size 1");
    EXPECT_EQ(tgi.running, 2);
    EXPECT_EQ(tgi.waiting, 1);
    EXPECT_EQ(tgi.kv_usage, std::nullopt);
}

TEST(EngineReport, AddsUpTheGaugesOfSeveralEnginesOnOnePage) {
    const EngineGauges gauges = gauges_in(
        "vllm:num_requests_running{engine=\"0\"} 3\nvllm:num_requests_running{engine=\"1\"} 4\n"
        "vllm:kv_cache_usage_perc{engine=\"0\"} 0.25\nvllm:kv_cache_usage_perc{engine=\"1\"} 0.75\n");
    EXPECT_EQ(gauges.running, 7);
    EXPECT_EQ(gauges.kv_usage, 0.75);
}

TEST(EngineReport, HasNoGaugesWhereThePageHasNone) {
    for (const char* page : {"", "\n\n", "vllm:num_requests_running", "vllm:num_requests_running x\n",
                             "vllm:num_requests_running_total 3\n", "other:num_requests_waiting 3\n"}) {
        const EngineGauges gauges = gauges_in(page);
        EXPECT_FALSE(gauges.running || gauges.waiting || gauges.kv_usage) << page;
    }
}

}  // namespace
}  // namespace weir::upstream
