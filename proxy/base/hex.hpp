#pragma once
// Hexadecimal: reading a digit, writing a number.

#include <array>
#include <cstdint>
#include <cstring>

namespace weir {

// The value of a hex digit of either case, or -1.
[[nodiscard]] constexpr int hex_value(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

// The two digits of each byte.
inline constexpr auto kHexPairs = [] {
    std::array<char, 512> pairs{};
    for (std::size_t i = 0; i < 256; ++i) {
        pairs[2 * i] = "0123456789abcdef"[i >> 4];
        pairs[2 * i + 1] = "0123456789abcdef"[i & 0xF];
    }
    return pairs;
}();

// Writes the last `digits` digits of `value`, in lower case. REQUIRES: `digits` is even.
inline void write_hex(char* out, std::uint64_t value, int digits) {
    for (int i = digits - 2; i >= 0; i -= 2, value >>= 8) {
        std::memcpy(out + i, kHexPairs.data() + 2 * (value & 0xFF), 2);
    }
}

}  // namespace weir
