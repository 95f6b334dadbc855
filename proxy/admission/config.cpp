#include "admission/config.hpp"

#include <algorithm>

namespace weir::admission {

Duration effective_queue_timeout(const ClassConfig& config) {
    constexpr Duration kWithoutSlo = 5s;
    if (config.queue_timeout) return *config.queue_timeout;
    // The rest of the slo is for the prompt, once it runs.
    return config.slo ? from_seconds(0.8 * seconds(config.slo->first_token)) : kWithoutSlo;
}

std::uint32_t effective_queue(const ClassConfig& config, std::uint32_t requests) {
    constexpr std::uint32_t kMin = 16;
    return config.queue.value_or(std::max(kMin, requests / 8));
}

}  // namespace weir::admission
