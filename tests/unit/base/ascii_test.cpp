#include "base/ascii.hpp"

#include <gtest/gtest.h>

namespace weir {
namespace {

TEST(Trim, RemovesSpaceAroundATextAndNoneWithin) {
    EXPECT_EQ(trim(" \t a b\t "), "a b");
    EXPECT_EQ(trim("a"), "a");
    EXPECT_EQ(trim(" \t"), "");
    EXPECT_EQ(trim(""), "");
    EXPECT_EQ(trim("a\r"), "a\r");
    EXPECT_EQ(trim(" a\r", " \r"), "a");
}

}  // namespace
}  // namespace weir
