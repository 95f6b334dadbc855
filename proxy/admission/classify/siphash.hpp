#pragma once
// SipHash-2-4 (Aumasson and Bernstein, 2012): a keyed hash that callers without the key cannot steer, so that a caller
// cannot choose to share a table set or a cohort with a victim.

#include <cstdint>
#include <span>

namespace weir::admission {

struct SipKey {
    std::uint64_t k0 = 0;
    std::uint64_t k1 = 0;
};

[[nodiscard]] std::uint64_t siphash(SipKey key, std::span<const std::uint8_t> bytes);

}  // namespace weir::admission
