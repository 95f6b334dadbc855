#include "simulate/config.hpp"

#include <array>

namespace weir::simulate {
namespace {

constexpr std::array<std::string_view, 3> kNames{"h100-8b", "a100-8b", "small-gpu"};

EngineConfig a100_8b() {
    EngineConfig config;
    config.fixed = 10ms;
    config.per_prompt_token = 95us;
    config.per_sequence = 60us;
    config.per_context_token = 65ns;
    return config;
}

EngineConfig small_gpu() {
    EngineConfig config;
    config.max_num_seqs = 16;
    config.max_num_batched_tokens = 512;
    config.kv_tokens = 32'768;
    config.fixed = 12ms;
    config.per_prompt_token = 60us;
    config.per_sequence = 400us;
    config.per_context_token = 200ns;
    return config;
}

}  // namespace

std::optional<EngineConfig> engine_preset(std::string_view name) {
    if (name == kNames[0]) return EngineConfig{};
    if (name == kNames[1]) return a100_8b();
    if (name == kNames[2]) return small_gpu();
    return std::nullopt;
}

std::span<const std::string_view> engine_preset_names() { return kNames; }

}  // namespace weir::simulate
