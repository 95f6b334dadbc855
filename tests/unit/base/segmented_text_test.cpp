#include "base/segmented_text.hpp"

#include <gtest/gtest.h>

#include <random>

namespace weir {
namespace {

TEST(SegmentedText, IsWhatWasPutIntoIt) {
    std::mt19937 random(1);
    SegmentedText text;
    std::string expected;
    while (expected.size() < 2'000'000) {
        const std::string piece(random() % 50'000, static_cast<char>('a' + random() % 26));
        text.append(piece);
        expected += piece;
    }
    EXPECT_EQ(text.size(), expected.size());
    EXPECT_EQ(text.joined(), expected);
    EXPECT_EQ(text[1'234'567], expected[1'234'567]);
}

TEST(SegmentedText, OccupiesLittleMoreThanItHolds) {
    SegmentedText text;
    const std::string piece(32 * 1024, 'x');
    for (int i = 0; i < 640; ++i) text.append(piece);
    EXPECT_LE(text.capacity(), text.size() + 300 * 1024);
    SegmentedText small;
    small.append(std::string(2000, 'x'));
    EXPECT_LE(small.capacity(), 2100U);
}

TEST(SegmentedText, GivesItsMemoryBackWhenItIsCleared) {
    for (const std::size_t size : {20'000U, 200'000U}) {
        SegmentedText text(std::string(size, 'x'));
        text.append(std::string(size, 'y'));
        text.clear();
        EXPECT_LT(text.capacity(), 100U);
    }
}

TEST(SegmentedText, ChangesInPlaceAsAStringDoes) {
    std::mt19937 random(2);
    for (int round = 0; round < 200; ++round) {
        SegmentedText text;
        std::string expected;
        for (std::size_t size = random() % 700'000; expected.size() < size;) {
            const std::string piece(1 + random() % 40'000, static_cast<char>('a' + random() % 26));
            text.append(piece);
            expected += piece;
        }
        for (int i = 0; i < 5; ++i) {
            const std::size_t begin = random() % (expected.size() + 1);
            const std::size_t length = random() % 3 == 0 ? random() % (expected.size() - begin + 1)
                                                         : std::min<std::size_t>(20, expected.size() - begin);
            const std::string put(random() % 200, 'Z');
            text.splice(begin, begin + length, put);
            expected.replace(begin, length, put);
            ASSERT_EQ(text.size(), expected.size());
        }
        ASSERT_EQ(text.joined(), expected);
    }
}

TEST(SegmentedText, FindsOverSegments) {
    SegmentedText text;
    const std::string space(300'000, ' ');
    text.append("a");
    text.append(space);
    text.append("b");
    text.append(space);
    EXPECT_EQ(text.find_first_not_of(" ", 1), 300'001U);
    EXPECT_EQ(text.find_first_not_of(" ", 300'002), text.size());
    EXPECT_EQ(text.find_last_not_of(" ", text.size()), 300'001U);
    EXPECT_EQ(text.find_last_not_of(" ", 300'001), 0U);
    EXPECT_EQ(text.find_last_not_of(" a", 300'001), SegmentedText::npos);
}

}  // namespace
}  // namespace weir
