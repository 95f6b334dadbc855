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

}  // namespace
}  // namespace weir::upstream
