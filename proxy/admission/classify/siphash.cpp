#include "admission/classify/siphash.hpp"

#include <bit>
#include <cstddef>
#include <cstring>

namespace weir::admission {
namespace {

struct Lanes {
    std::uint64_t v0, v1, v2, v3;

    void round() {
        v0 += v1, v1 = std::rotl(v1, 13), v1 ^= v0, v0 = std::rotl(v0, 32);
        v2 += v3, v3 = std::rotl(v3, 16), v3 ^= v2;
        v0 += v3, v3 = std::rotl(v3, 21), v3 ^= v0;
        v2 += v1, v1 = std::rotl(v1, 17), v1 ^= v2, v2 = std::rotl(v2, 32);
    }

    void absorb(std::uint64_t word) {
        v3 ^= word;
        round();
        round();
        v0 ^= word;
    }
};

std::uint64_t load_eight(const std::uint8_t* bytes) {
    std::uint64_t word = 0;
    if constexpr (std::endian::native == std::endian::little) {
        std::memcpy(&word, bytes, sizeof word);
    } else {
        for (std::size_t i = 0; i < 8; ++i) word |= std::uint64_t{bytes[i]} << (8 * i);
    }
    return word;
}

// Fewer than eight bytes, little-endian on any machine.
std::uint64_t load(std::span<const std::uint8_t> bytes) {
    std::uint64_t word = 0;
    for (std::size_t i = 0; i < bytes.size(); ++i) word |= std::uint64_t{bytes[i]} << (8 * i);
    return word;
}

}  // namespace

std::uint64_t siphash(SipKey key, std::span<const std::uint8_t> bytes) {
    Lanes lanes{key.k0 ^ 0x736f6d6570736575U, key.k1 ^ 0x646f72616e646f6dU, key.k0 ^ 0x6c7967656e657261U,
                key.k1 ^ 0x7465646279746573U};
    const std::uint64_t length = bytes.size();
    for (; bytes.size() >= 8; bytes = bytes.subspan(8)) lanes.absorb(load_eight(bytes.data()));
    lanes.absorb(load(bytes) | length << 56);
    lanes.v2 ^= 0xFF;
    for (int i = 0; i < 4; ++i) lanes.round();
    return lanes.v0 ^ lanes.v1 ^ lanes.v2 ^ lanes.v3;
}

}  // namespace weir::admission
