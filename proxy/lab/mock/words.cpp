#include "lab/mock/words.hpp"

#include <array>

#include "base/random.hpp"

namespace weir::mock {
namespace {

constexpr auto kWords = std::to_array<std::string_view>({
    " water", " river", " stone",   " slow",   " quiet", " over",   " under", " through", " bridge", " the",   " a",
    " and",   " of",    " with",    " stream", " flows", " rises",  " falls", " gate",    " opens",  " holds", " bank",
    " deep",  " clear", " morning", " light",  " rain",  " valley", " mill",  " wheel",   " turns",  " reed",
});

}  // namespace

std::string_view word(std::uint64_t seed, std::uint64_t answer, std::uint32_t index) {
    const std::string_view chosen = kWords[mix(mix(seed ^ mix(answer)) ^ index) % kWords.size()];
    return index == 0 ? chosen.substr(1) : chosen;
}

}  // namespace weir::mock
