#pragma once
// Randomness as a function: the same question gives the same number, in whatever order questions are asked.
//
// A run with a surge and its twin without one ask the same questions about the requests that they share, and so differ
// by the surge alone.

#include <cmath>
#include <cstdint>
#include <numbers>

#include "base/random.hpp"

namespace weir::simulate {

// Uniform in [0, 1), by seed, subject and the question asked about it.
[[nodiscard]] constexpr double uniform(std::uint64_t seed, std::uint64_t subject, std::uint64_t question) {
    return static_cast<double>(mix(mix(mix(seed) ^ subject) ^ question) >> 11) * 0x1p-53;
}

// Log-normal with median 1, by the same and the next question; exactly 1 where sigma is 0.
[[nodiscard]] inline double log_normal(double sigma, std::uint64_t seed, std::uint64_t subject,
                                       std::uint64_t question) {
    if (sigma == 0) return 1;
    // Box and Muller's transformation.
    const double radius = std::sqrt(-2 * std::log(1 - uniform(seed, subject, question)));
    return std::exp(sigma * radius * std::cos(2 * std::numbers::pi * uniform(seed, subject, question + 1)));
}

}  // namespace weir::simulate
