#include "downstream/spare_texts.hpp"

#include <gtest/gtest.h>

namespace weir::downstream {
namespace {

std::string with_room(std::size_t size) {
    std::string text = "what it held before";
    text.reserve(size);
    return text;
}

TEST(SpareTexts, GiveWhatTheyGotEmptyAndWithItsRoom) {
    SpareTexts texts;
    EXPECT_EQ(texts.take(), "");
    texts.give(with_room(1000));
    const std::string text = texts.take();
    EXPECT_EQ(text, "");
    EXPECT_GE(text.capacity(), 1000U);
    EXPECT_EQ(texts.size(), 0U);
}

TEST(SpareTexts, KeepNeitherShortNorLongOnes) {
    SpareTexts texts;
    texts.give({});
    texts.give(with_room(SpareTexts::kShortest - 1));
    texts.give(with_room(SpareTexts::kLongest + 1));
    EXPECT_EQ(texts.size(), 0U);
    texts.give(with_room(SpareTexts::kLongest));
    EXPECT_EQ(texts.size(), 1U);
}

TEST(SpareTexts, KeepNoMoreThanTheirBound) {
    SpareTexts texts;
    for (std::size_t i = 0; i < 2 * SpareTexts::kMostKept; ++i) texts.give(with_room(600));
    EXPECT_EQ(texts.size(), SpareTexts::kMostKept);
}

}  // namespace
}  // namespace weir::downstream
