#pragma once
// When a client retries: the rule that the OpenAI and Anthropic SDKs share.

#include <algorithm>
#include <chrono>
#include <cstdint>

#include "base/time.hpp"

namespace weir::simulate {

inline constexpr std::uint32_t kSdkRetries = 2;

// How long an SDK waits before its next try: as advised if that is within a minute, else 0.5 s doubled each time up to
// 8 s, less up to a quarter at random.
[[nodiscard]] inline Duration sdk_delay(Duration advice, std::uint32_t retries_done, double random) {
    if (advice > Duration::zero() && advice <= std::chrono::seconds(60)) return advice;
    const double doubled = 0.5 * static_cast<double>(1ULL << std::min(retries_done, 10U));
    return from_seconds(std::min(doubled, 8.0) * (1 - 0.25 * random));
}

}  // namespace weir::simulate
