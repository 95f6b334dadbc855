#pragma once
// What an engine says of itself at one moment.

#include <cstdint>
#include <optional>

namespace weir {

struct EngineGauges {
    std::optional<double> running;   // requests in its batch
    std::optional<double> waiting;   // requests in its own queue
    std::optional<double> kv_usage;  // share of its KV cache in use, 0 to 1
};

// The limits of an endpoint as they were told, by the policy or by what was learned, and as they are in force: less
// where the engine's gauges contradict them.
struct LimitsShown {
    std::uint32_t told_requests = 0;
    std::uint32_t requests = 0;
    std::uint64_t told_context = 0;  // LLM tokens; 0: not told
    std::uint64_t context = 0;

    [[nodiscard]] bool requests_contradicted() const { return requests < told_requests; }
    [[nodiscard]] bool context_contradicted() const { return told_context > 0 && context < told_context; }
};

}  // namespace weir
