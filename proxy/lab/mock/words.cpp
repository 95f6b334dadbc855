#include "lab/mock/words.hpp"

#include <array>

namespace weir::mock {
namespace {

constexpr auto kWords = std::to_array<std::string_view>({
    " water", " river", " stone",   " slow",   " quiet", " over",   " under", " through", " bridge", " the",   " a",
    " and",   " of",    " with",    " stream", " flows", " rises",  " falls", " gate",    " opens",  " holds", " bank",
    " deep",  " clear", " morning", " light",  " rain",  " valley", " mill",  " wheel",   " turns",  " reed",
});

// Steele, Lea and Flood, "Fast splittable pseudorandom number generators" (2014): the finalizer.
std::uint64_t mix(std::uint64_t x) {
    x += 0x9E37'79B9'7F4A'7C15;
    x = (x ^ (x >> 30)) * 0xBF58'476D'1CE4'E5B9;
    x = (x ^ (x >> 27)) * 0x94D0'49BB'1331'11EB;
    return x ^ (x >> 31);
}

}  // namespace

std::string_view word(std::uint64_t seed, std::uint64_t answer, std::uint32_t index) {
    const std::string_view chosen = kWords[mix(mix(seed ^ mix(answer)) ^ index) % kWords.size()];
    return index == 0 ? chosen.substr(1) : chosen;
}

}  // namespace weir::mock
