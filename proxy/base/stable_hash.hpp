#pragma once
// A hash whose values never change: processes that share nothing, and restarts, agree on them. It is no defence against
// callers who choose what is hashed; admission/classify/siphash.hpp is.

#include <cstdint>
#include <string_view>

namespace weir {

// 64-bit FNV-1a, of text in pieces.
class StableHash {
public:
    constexpr void add(std::string_view text) {
        for (const char c : text) value_ = (value_ ^ static_cast<unsigned char>(c)) * 0x100000001b3;
    }
    // Its last bits are as random as its first: FNV-1a mixes short texts badly. The finalizer of splitmix64.
    [[nodiscard]] constexpr std::uint64_t value() const { return mix(value_); }

    [[nodiscard]] static constexpr std::uint64_t mix(std::uint64_t x) {
        x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
        x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
        return x ^ (x >> 31);
    }
    [[nodiscard]] static constexpr std::uint64_t of(std::string_view text) {
        StableHash hash;
        hash.add(text);
        return hash.value();
    }

private:
    std::uint64_t value_ = 0xcbf29ce484222325;
};

}  // namespace weir
