#pragma once
// The engine that is modelled: its limits as vLLM names them, and what a step costs on its hardware.

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "base/result.hpp"
#include "base/time.hpp"

namespace weir::simulate {

using namespace std::chrono_literals;

enum class QueueOrder : std::uint8_t {
    first_come,  // vLLM's default
    priority,    // --scheduling-policy priority: smaller numbers first, equals by arrival
};

// The defaults are the preset h100-8b: an 8-billion-parameter model in bfloat16 (32 layers, 8 KV heads of 128, as Llama
// 3.1 8B) on an H100 SXM, from the figures of the data sheets. Measured engines vary by some 20 % with their version.
struct EngineConfig {
    // The defaults of vLLM's API server on a GPU of 70 GiB or more that is no A100; on all others they are 256 and
    // 2,048 (get_batch_defaults() in vllm/engine/arg_utils.py, since v0.9).
    std::uint32_t max_num_seqs = 1'024;            // slots: sequences in one batch
    std::uint32_t max_num_batched_tokens = 8'192;  // of one step: prompt tokens, and one for each decoding sequence
    // KV cache: 80 GB x 0.9 less 16 GB of weights and some for activations, at 128 KiB a token.
    std::uint64_t kv_tokens = 400'000;
    // Of the KV cache, what keeps prefixes of prompts that are not running. Engines keep them in all blocks that no
    // running request needs; half is what is free while 256 sequences of 800 tokens run.
    double prefix_share = 0.5;
    QueueOrder order = QueueOrder::first_come;

    // A step takes fixed + per_prompt_token x prompt tokens + per_sequence x sequences + per_context_token x KV tokens.
    //
    // fixed: all weights are read once (16 GB at 3.35 TB/s: 5 ms) and the step is scheduled and launched.
    Duration fixed = 7ms;
    // 2 x 8e9 operations at half of 990 TFLOPS: 2,048 tokens in 66 ms.
    Duration per_prompt_token = 32us;
    // Sampling, detokenizing, small kernels: 256 sequences of 1,000 tokens come to 30 ms a token.
    Duration per_sequence = 50us;
    // Reading 128 KiB of keys and values at 3.35 TB/s.
    Duration per_context_token = 40ns;

    // Steps vary: log-normal with this sigma and median 1. Now and then one takes longer by `stall` (a collection of
    // garbage, a CUDA graph, a neighbour): one in `stall_every` on average, none where that is zero.
    double step_noise = 0;
    Duration stall = 1s;
    Duration stall_every{};
    std::uint64_t seed = 0;  // of both

    // One event every N tokens of an answer: 1 as a server needs it, 16 to only count along. 0: only
    // first tokens and endings are; a step then costs the same whatever its batch.
    std::uint32_t token_events = 1;

    [[nodiscard]] std::uint64_t prefix_tokens() const {
        return static_cast<std::uint64_t>(prefix_share * static_cast<double>(kv_tokens));
    }
};

// Engines by name:
//   h100-8b     the defaults
//   a100-8b     the same model on an A100 80 GB: 2 TB/s, 312 TFLOPS; 256 slots, 2,048 tokens a step
//   l40s-8b     the same on an L40S, 48 GB: 0.86 TB/s, 362 TFLOPS; 256 slots, 2,048 tokens a step
//   small-gpu   for demonstrations: 16 slots, saturated by 23 to 29 requests/s of 100 tokens in and 32 to 24 out, so
//               that a laptop can overload it honestly
[[nodiscard]] std::optional<EngineConfig> engine_preset(std::string_view name);
[[nodiscard]] std::span<const std::string_view> engine_preset_names();

// Changes what `key=value,...` names: max_num_seqs, max_num_batched_tokens, kv_tokens as counts; prefix_share
// and step_noise from 0 to 1; fixed, per_prompt_token, per_sequence, per_context_token, stall, stall_every as times
// with a unit (ns, us, ms, s), fractions allowed. The error is about the first entry that is wrong, or about all of
// them together.
[[nodiscard]] std::optional<Error> set_engine(EngineConfig& config, std::string_view text);

}  // namespace weir::simulate
