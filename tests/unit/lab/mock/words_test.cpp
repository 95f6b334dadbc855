#include "lab/mock/words.hpp"

#include <gtest/gtest.h>

#include <string>

namespace weir::mock {
namespace {

std::string text(std::uint64_t seed, std::uint64_t answer) {
    std::string out;
    for (std::uint32_t index = 0; index < 20; ++index) out.append(word(seed, answer, index));
    return out;
}

TEST(Words, RepeatWithTheirSeed) {
    EXPECT_EQ(text(1, 1), text(1, 1));
    EXPECT_NE(text(1, 1), text(1, 2));
    EXPECT_NE(text(1, 1), text(2, 1));
}

TEST(Words, AreOneWordEach) {
    EXPECT_NE(word(1, 1, 0).front(), ' ');
    for (std::uint32_t index = 1; index < 100; ++index) {
        EXPECT_EQ(word(1, 1, index).rfind(' '), 0U) << word(1, 1, index);
    }
}

}  // namespace
}  // namespace weir::mock
