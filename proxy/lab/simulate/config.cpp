#include "lab/simulate/config.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace weir::simulate {
namespace {

constexpr std::array<std::string_view, 4> kNames{"h100-8b", "a100-8b", "l40s-8b", "small-gpu"};

// What vLLM takes where it does not know better.
EngineConfig smaller_batches() {
    EngineConfig config;
    config.max_num_seqs = 256;
    config.max_num_batched_tokens = 2'048;
    return config;
}

EngineConfig a100_8b() {
    EngineConfig config = smaller_batches();
    config.fixed = 10ms;
    config.per_prompt_token = 95us;
    config.per_sequence = 60us;
    config.per_context_token = 65ns;
    return config;
}

// 16 GB of weights at 0.86 TB/s: 18.5 ms. 43 GB less weights and some for activations, at 128 KiB a token.
EngineConfig l40s_8b() {
    EngineConfig config = smaller_batches();
    config.kv_tokens = 180'000;
    config.fixed = 20ms;
    config.per_prompt_token = 88us;
    config.per_sequence = 60us;
    config.per_context_token = 152ns;
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

// Takes a number of at least 0 off the front of `text`.
std::optional<double> take_number(std::string_view& text) {
    double value = 0;
    const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
    if (error != std::errc{} || !(value >= 0)) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(stop - text.data()));
    return value;
}

template <typename Count>
bool read_count(Count& count, std::string_view text) {
    const auto value = take_number(text);
    if (!value || !text.empty() || *value < 1 || *value > 4e9) return false;
    count = static_cast<Count>(*value);
    return true;
}

bool read_share(double& share, std::string_view text) {
    const auto value = take_number(text);
    if (!value || !text.empty() || *value > 1) return false;
    share = *value;
    return true;
}

bool read_time(Duration& time, std::string_view text) {
    const auto value = take_number(text);
    const double unit = text == "ns" ? 1e-9 : text == "us" ? 1e-6 : text == "ms" ? 1e-3 : text == "s" ? 1 : 0;
    if (!value || unit == 0 || *value * unit > 3600) return false;
    time = from_seconds(*value * unit);
    return true;
}

// Whether `key` is one; sets `good` to whether its value is valid.
bool set_part(EngineConfig& config, std::string_view key, std::string_view value, bool& good) {
    if (key == "max_num_seqs") return good = read_count(config.max_num_seqs, value), true;
    if (key == "max_num_batched_tokens") return good = read_count(config.max_num_batched_tokens, value), true;
    if (key == "kv_tokens") return good = read_count(config.kv_tokens, value), true;
    if (key == "prefix_share") return good = read_share(config.prefix_share, value), true;
    if (key == "step_noise") return good = read_share(config.step_noise, value), true;
    if (key == "stall") return good = read_time(config.stall, value), true;
    if (key == "stall_every") return good = read_time(config.stall_every, value), true;
    if (key == "fixed") return good = read_time(config.fixed, value), true;
    if (key == "per_prompt_token") return good = read_time(config.per_prompt_token, value), true;
    if (key == "per_sequence") return good = read_time(config.per_sequence, value), true;
    if (key == "per_context_token") return good = read_time(config.per_context_token, value), true;
    return false;
}

}  // namespace

std::optional<Error> set_engine(EngineConfig& config, std::string_view text) {
    while (!text.empty()) {
        const std::string_view entry = text.substr(0, text.find(','));
        text.remove_prefix(std::min(text.size(), entry.size() + 1));
        const std::size_t equals = std::min(entry.find('='), entry.size());
        const std::string_view value = entry.substr(std::min(equals + 1, entry.size()));
        bool good = false;
        if (!set_part(config, entry.substr(0, equals), value, good)) {
            return Error{
                fmt::format("'{}': an engine has max_num_seqs, max_num_batched_tokens, kv_tokens, prefix_share, fixed, "
                            "per_prompt_token, per_sequence, per_context_token, step_noise, stall and stall_every",
                            entry)};
        }
        if (!good)
            return Error{fmt::format(
                "'{}': write a count above zero, a share from 0 to 1, or a time as in 7ms, 32us, 40ns", entry)};
    }
    if (config.fixed <= Duration::zero()) return Error{"fixed must be above zero"};
    if (config.max_num_batched_tokens > config.max_num_seqs) return std::nullopt;
    return Error{fmt::format("max_num_batched_tokens ({}) must be above max_num_seqs ({})",
                             config.max_num_batched_tokens, config.max_num_seqs)};
}

std::optional<EngineConfig> engine_preset(std::string_view name) {
    if (name == kNames[0]) return EngineConfig{};
    if (name == kNames[1]) return a100_8b();
    if (name == kNames[2]) return l40s_8b();
    if (name == kNames[3]) return small_gpu();
    return std::nullopt;
}

std::span<const std::string_view> engine_preset_names() { return kNames; }

}  // namespace weir::simulate
