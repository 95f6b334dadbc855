#include "lab/mock/metrics.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <numeric>

#include "base/json_text.hpp"

namespace weir::mock {
namespace {

constexpr std::uint64_t kBlockTokens = 16;

class Page {
public:
    explicit Page(std::string_view model) {
        // The escapes of a label's value are among those of a JSON string.
        label_ = "model_name=";
        append_json_string(label_, model);
    }

    template <typename Number>
    void metric(std::string_view name, std::string_view type, std::string_view help, Number value,
                std::string_view more_labels = {}) {
        describe(name, type, help);
        sample(name, value, more_labels);
    }

    void describe(std::string_view name, std::string_view type, std::string_view help) {
        fmt::format_to(std::back_inserter(text_), "# HELP {0} {1}\n# TYPE {0} {2}\n", name, help, type);
    }

    template <typename Number>
    void sample(std::string_view name, Number value, std::string_view more_labels = {}) {
        fmt::format_to(std::back_inserter(text_), "{}{{{}{}}} {}\n", name, label_, more_labels, value);
    }

    [[nodiscard]] std::string take() { return std::move(text_); }

private:
    std::string label_;
    std::string text_;
};

void write_first_token_times(Page& page, const FirstTokenTimes& times) {
    page.describe("vllm:time_to_first_token_seconds", "histogram", "Time from a request's arrival to its first token.");
    for (std::size_t i = 0; i < FirstTokenTimes::kEdges.size(); ++i) {
        page.sample("vllm:time_to_first_token_seconds_bucket", times.at_most(i),
                    fmt::format(",le=\"{}\"", FirstTokenTimes::kEdges[i]));
    }
    const std::uint64_t all = times.at_most(FirstTokenTimes::kEdges.size());
    page.sample("vllm:time_to_first_token_seconds_bucket", all, ",le=\"+Inf\"");
    page.sample("vllm:time_to_first_token_seconds_sum", times.sum());
    page.sample("vllm:time_to_first_token_seconds_count", all);
}

}  // namespace

void FirstTokenTimes::add(Duration time) {
    const auto edge = std::lower_bound(kEdges.begin(), kEdges.end(), seconds(time));
    ++counts_[static_cast<std::size_t>(edge - kEdges.begin())];
    sum_ += seconds(time);
}

std::uint64_t FirstTokenTimes::at_most(std::size_t i) const {
    return std::accumulate(counts_.begin(), counts_.begin() + static_cast<std::ptrdiff_t>(i) + 1, std::uint64_t{0});
}

std::string write_metrics(const Totals& totals, const simulate::EngineCounts& counts,
                          const simulate::EngineConfig& engine, std::string_view model) {
    Page page(model);
    const double kv_used = static_cast<double>(counts.kv_used) / static_cast<double>(engine.kv_tokens);
    page.metric("vllm:num_requests_running", "gauge", "Requests in the batch.", counts.running);
    page.metric("vllm:num_requests_waiting", "gauge", "Requests in the engine's queue.", counts.waiting);
    // Both names: vLLM renamed it with its version 1 engine.
    page.metric("vllm:gpu_cache_usage_perc", "gauge", "Share of the KV cache in use; 1 is all of it.", kv_used);
    page.metric("vllm:kv_cache_usage_perc", "gauge", "Share of the KV cache in use; 1 is all of it.", kv_used);
    page.metric("vllm:num_preemptions_total", "counter", "Requests that lost their cache.", counts.preemptions);
    page.metric("vllm:prompt_tokens_total", "counter", "Prompt tokens computed.", totals.prompt_tokens);
    page.metric("vllm:generation_tokens_total", "counter", "Tokens given out.", totals.generation_tokens);
    page.metric("vllm:request_success_total", "counter", "Requests that ended.", totals.finished,
                ",finished_reason=\"length\"");
    write_first_token_times(page, totals.first_token_times);
    page.metric("vllm:cache_config_info", "gauge", "The KV cache, in its labels.", 1,
                fmt::format(",block_size=\"{}\",num_gpu_blocks=\"{}\"", kBlockTokens, engine.kv_tokens / kBlockTokens));
    page.metric("weir_mock_cancelled_total", "counter", "Requests whose client left before the last token.",
                totals.cancelled);
    page.metric("weir_mock_max_running", "gauge", "The most requests the batch ever had.", totals.max_running);
    page.metric("weir_mock_refused_connections_total", "counter", "Connections closed for being too many.",
                totals.refused_connections);
    return page.take();
}

}  // namespace weir::mock
