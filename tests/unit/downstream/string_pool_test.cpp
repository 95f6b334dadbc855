#include "downstream/string_pool.hpp"

#include <gtest/gtest.h>

namespace weir::downstream {
namespace {

std::string with_capacity(std::size_t size) {
    std::string text = "what it held before";
    text.reserve(size);
    return text;
}

TEST(StringPool, GiveWhatTheyGotEmptyAndWithItsRoom) {
    StringPool texts;
    EXPECT_EQ(texts.take(), "");
    texts.give(with_capacity(1000));
    const std::string text = texts.take();
    EXPECT_EQ(text, "");
    EXPECT_GE(text.capacity(), 1000U);
    EXPECT_EQ(texts.size(), 0U);
}

TEST(StringPool, KeepNeitherShortNorLongOnes) {
    StringPool texts;
    texts.give({});
    texts.give(with_capacity(StringPool::kShortest - 1));
    texts.give(with_capacity(StringPool::kLongest + 1));
    EXPECT_EQ(texts.size(), 0U);
    texts.give(with_capacity(StringPool::kLongest));
    EXPECT_EQ(texts.size(), 1U);
}

TEST(StringPool, KeepNoMoreThanTheirBound) {
    StringPool texts;
    for (std::size_t i = 0; i < 2 * StringPool::kMaxKept; ++i) texts.give(with_capacity(600));
    EXPECT_EQ(texts.size(), StringPool::kMaxKept);
}

}  // namespace
}  // namespace weir::downstream
