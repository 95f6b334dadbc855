#pragma once
// Randomness as a function: the same question gives the same number, in whatever order questions are asked.
//
// A run with a surge and its twin without one ask the same questions about the requests that they share, and so differ
// by the surge alone.

#include <cstdint>

#include "base/random.hpp"

namespace weir::simulate {

// Uniform in [0, 1), by seed, subject and the question asked about it.
[[nodiscard]] constexpr double uniform(std::uint64_t seed, std::uint64_t subject, std::uint64_t question) {
    return static_cast<double>(mix(mix(mix(seed) ^ subject) ^ question) >> 11) * 0x1p-53;
}

}  // namespace weir::simulate
