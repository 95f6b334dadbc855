#pragma once
// When a client asks again: the rule that the OpenAI and Anthropic SDKs share, and the advice that Weir gives them.

#include <algorithm>
#include <chrono>
#include <cstdint>

#include "base/reason.hpp"
#include "base/time.hpp"

namespace weir::simulate {

inline constexpr std::uint32_t kSdkRetries = 2;

// Weir's advice as it leaves (downstream/reply.hpp): on overload spread over half of it either way, on a contract never
// shorter than it is true. `random` in [0, 1).
[[nodiscard]] inline Duration spread_advice(Reason reason, Duration base, double random) {
    const double factor = group(reason) == ReasonGroup::contract ? 1 + 0.5 * random : 0.5 + random;
    return std::min<Duration>(from_seconds(seconds(base) * factor), std::chrono::seconds(50));
}

// How long an SDK waits before its next try: as it is advised where that is within a minute, else 0.5 s doubled each
// time up to 8 s, less up to a quarter at random.
[[nodiscard]] inline Duration sdk_delay(Duration advice, std::uint32_t retries_done, double random) {
    if (advice > Duration::zero() && advice <= std::chrono::seconds(60)) return advice;
    const double doubled = 0.5 * static_cast<double>(1ULL << std::min(retries_done, 10U));
    return from_seconds(std::min(doubled, 8.0) * (1 - 0.25 * random));
}

}  // namespace weir::simulate
