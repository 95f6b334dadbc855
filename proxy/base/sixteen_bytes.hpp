#pragma once
// Sixteen bytes compared at once: scanners of heads and of JSON ask the same question of every byte. Uses the
// compiler's own vectors, so every processor uses what it has.

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace weir {

using SixteenBytes [[gnu::vector_size(16)]] = unsigned char;

// REQUIRES: sixteen readable bytes at `from`.
[[nodiscard]] inline SixteenBytes load_sixteen(const char* from) {
    SixteenBytes bytes;
    std::memcpy(&bytes, from, sizeof bytes);
    return bytes;
}

// The index of the first byte that a comparison marked; 16 when there is none.
template <typename Marks>
[[nodiscard]] std::size_t first_marked(Marks marks) {
    static_assert(sizeof marks == 16);
#if defined(__SSE2__)
    // One bit per byte, in one instruction where the processor has one.
    const int bits = _mm_movemask_epi8(std::bit_cast<__m128i>(marks));
    return bits == 0 ? 16 : static_cast<std::size_t>(std::countr_zero(static_cast<unsigned>(bits)));
#else
    static_assert(std::endian::native == std::endian::little, "a word's first byte is taken to be its lowest");
    std::array<std::uint64_t, 2> halves;
    std::memcpy(halves.data(), &marks, sizeof halves);
    if (halves[0] != 0) return static_cast<std::size_t>(std::countr_zero(halves[0])) / 8;
    return halves[1] == 0 ? 16 : 8 + static_cast<std::size_t>(std::countr_zero(halves[1])) / 8;
#endif
}

}  // namespace weir
