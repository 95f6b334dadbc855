#include "lab/mock/metrics.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

namespace weir::mock {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

TEST(FirstTokenTimes, CountUpToAndIncludingTheEdge) {
    FirstTokenTimes times;
    times.add(1ms);
    times.add(2ms);
    times.add(3h);
    EXPECT_EQ(times.at_most(0), 1U);
    EXPECT_EQ(times.at_most(1), 2U);
    EXPECT_EQ(times.at_most(FirstTokenTimes::kEdges.size() - 1), 2U);
    EXPECT_EQ(times.at_most(FirstTokenTimes::kEdges.size()), 3U);
    EXPECT_DOUBLE_EQ(times.sum(), 10'800.003);
}

TEST(Metrics, HaveVllmsNames) {
    Totals totals;
    totals.prompt_tokens = 11;
    totals.generation_tokens = 12;
    totals.finished = 13;
    totals.cancelled = 14;
    totals.max_running = 15;
    totals.first_token_times.add(90ms);
    simulate::EngineConfig engine;
    engine.kv_tokens = 1600;
    const std::string page = write_metrics(totals, {1, 2, 400, 3}, engine, "a\"b");
    const std::string label = R"({model_name="a\"b")";
    for (const std::string_view line : {
             "vllm:num_requests_running#} 1\n",
             "vllm:num_requests_waiting#} 2\n",
             "vllm:gpu_cache_usage_perc#} 0.25\n",
             "vllm:kv_cache_usage_perc#} 0.25\n",
             "vllm:num_preemptions_total#} 3\n",
             "vllm:prompt_tokens_total#} 11\n",
             "vllm:generation_tokens_total#} 12\n",
             "vllm:request_success_total#,finished_reason=\"length\"} 13\n",
             "vllm:time_to_first_token_seconds_bucket#,le=\"0.08\"} 0\n",
             "vllm:time_to_first_token_seconds_bucket#,le=\"0.1\"} 1\n",
             "vllm:time_to_first_token_seconds_bucket#,le=\"+Inf\"} 1\n",
             "vllm:time_to_first_token_seconds_sum#} 0.09\n",
             "vllm:time_to_first_token_seconds_count#} 1\n",
             "vllm:cache_config_info#,block_size=\"16\",num_gpu_blocks=\"100\"} 1\n",
             "weir_mock_cancelled_total#} 14\n",
             "weir_mock_max_running#} 15\n",
         }) {
        std::string wanted(line);
        wanted.replace(wanted.find('#'), 1, label);
        EXPECT_THAT(page, HasSubstr("\n" + wanted));
    }
}

TEST(Metrics, DescribeEachFamilyOnce) {
    const std::string page = write_metrics({}, {}, {}, "m");
    EXPECT_THAT(page, HasSubstr("# TYPE vllm:time_to_first_token_seconds histogram\n"));
    const std::size_t first = page.find("# TYPE vllm:num_requests_running gauge\n");
    ASSERT_NE(first, std::string::npos);
    EXPECT_EQ(page.find("# TYPE vllm:num_requests_running", first + 1), std::string::npos);
}

}  // namespace
}  // namespace weir::mock
