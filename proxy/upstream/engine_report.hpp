#pragma once
// What an engine reports on its metrics page, in the Prometheus text format.

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/gauges.hpp"

namespace weir::upstream {

// LLM tokens that its KV cache holds: vLLM's `vllm:cache_config_info{block_size="16",num_gpu_blocks="25000"}`, or
// SGLang's `sglang:max_total_num_tokens`. Empty when the page has neither, or an implausible number.
[[nodiscard]] std::optional<std::uint64_t> context_tokens_in(std::string_view metrics);

// What the engine runs, what waits in it and how full its KV cache is, by the names that vLLM, SGLang, llama.cpp and
// Text Generation Inference use; sums over the series of a page, and the fullest cache. What the page lacks is empty.
[[nodiscard]] EngineGauges gauges_in(std::string_view metrics);

}  // namespace weir::upstream
