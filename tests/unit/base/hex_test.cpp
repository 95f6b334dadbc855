#include "base/hex.hpp"

#include <gtest/gtest.h>

#include <string>

namespace weir {
namespace {

std::string hex(std::uint64_t value, int digits) {
    std::string text(static_cast<std::size_t>(digits), '?');
    write_hex(text.data(), value, digits);
    return text;
}

TEST(Hex, WritesTheLastDigits) {
    EXPECT_EQ(hex(0x0123'4567'89AB'CDEF, 16), "0123456789abcdef");
    EXPECT_EQ(hex(0x0123'4567'89AB'CDEF, 4), "cdef");
    EXPECT_EQ(hex(10, 2), "0a");
}

TEST(Hex, ReadsDigitsOfEitherCase) {
    for (int value = 0; value < 16; ++value) {
        EXPECT_EQ(hex_value("0123456789abcdef"[value]), value);
        EXPECT_EQ(hex_value("0123456789ABCDEF"[value]), value);
    }
    for (const char c : {'g', 'G', '/', ':', '@', '`', '\0', '\xF0'}) EXPECT_EQ(hex_value(c), -1);
}

}  // namespace
}  // namespace weir
