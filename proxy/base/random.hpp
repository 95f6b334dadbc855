#pragma once
// SplitMix64 (Steele, Lea, Flood, "Fast splittable pseudorandom number generators", 2014): good enough for ids, jitter,
// lots and simulations; not for secrets.

#include <cstdint>

namespace weir {

inline constexpr std::uint64_t kGoldenGamma = 0x9E37'79B9'7F4A'7C15;

// The number that follows `state`: a bijection in which every bit depends on every other, and so randomness as a
// function of what it is asked about.
[[nodiscard]] constexpr std::uint64_t mix(std::uint64_t state) {
    state += kGoldenGamma;
    state = (state ^ (state >> 30)) * 0xBF58'476D'1CE4'E5B9;
    state = (state ^ (state >> 27)) * 0x94D0'49BB'1331'11EB;
    return state ^ (state >> 31);
}

// The next number of a sequence, which is in `state` and begins anywhere.
[[nodiscard]] constexpr std::uint64_t next_random(std::uint64_t& state) {
    const std::uint64_t number = mix(state);
    state += kGoldenGamma;
    return number;
}

}  // namespace weir
