#pragma once
// Randomness as a function: the same numbers for the same question, in whatever order questions are asked.
//
// A run with a surge and its twin without one ask the same questions about the requests that they share, and so differ
// by the surge alone.

#include <cstdint>

namespace weir::simulate {

// SplitMix64's finalizer (Steele, Lea, Flood 2014): a bijection that mixes well.
[[nodiscard]] constexpr std::uint64_t mix(std::uint64_t x) {
    x += 0x9E37'79B9'7F4A'7C15;
    x = (x ^ (x >> 30)) * 0xBF58'476D'1CE4'E5B9;
    x = (x ^ (x >> 27)) * 0x94D0'49BB'1331'11EB;
    return x ^ (x >> 31);
}

// Uniform in [0, 1), by seed, subject and the question asked about it.
[[nodiscard]] constexpr double uniform(std::uint64_t seed, std::uint64_t subject, std::uint64_t question) {
    return static_cast<double>(mix(mix(mix(seed) ^ subject) ^ question) >> 11) * 0x1p-53;
}

}  // namespace weir::simulate
