#include "admission/config.hpp"

#include <algorithm>

namespace weir::admission {

Duration effective_patience(const ClassConfig& config) {
    constexpr Duration kWithoutSlo = 5s;
    if (config.patience) return *config.patience;
    // The rest of the slo is for the prompt, once it runs.
    return config.slo ? from_seconds(0.8 * seconds(config.slo->first_token)) : kWithoutSlo;
}

std::uint32_t effective_line(const ClassConfig& config, std::uint32_t requests) {
    constexpr std::uint32_t kLeast = 16;
    return config.line.value_or(std::max(kLeast, requests / 8));
}

}  // namespace weir::admission
