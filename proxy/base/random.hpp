#pragma once
// SplitMix64 (Steele, Lea, Flood, "Fast splittable pseudorandom number generators", 2014): good enough for ids, jitter,
// sampling and simulations; not for secrets.

#include <cstdint>

namespace weir {

inline constexpr std::uint64_t kGoldenGamma = 0x9E37'79B9'7F4A'7C15;

// The number that follows `state`: a bijection in which every output bit depends on every input bit, so it also serves
// as randomness that is a pure function of its argument.
[[nodiscard]] constexpr std::uint64_t mix(std::uint64_t state) {
    state += kGoldenGamma;
    state = (state ^ (state >> 30)) * 0xBF58'476D'1CE4'E5B9;
    state = (state ^ (state >> 27)) * 0x94D0'49BB'1331'11EB;
    return state ^ (state >> 31);
}

// Returns the next number of a sequence and advances `state`, which may start at any value.
[[nodiscard]] constexpr std::uint64_t next_random(std::uint64_t& state) {
    const std::uint64_t number = mix(state);
    state += kGoldenGamma;
    return number;
}

}  // namespace weir
