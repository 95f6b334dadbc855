#include "lab/simulate/prefix_cache.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace weir::simulate {
namespace {

constexpr Lineage kTalk{.conversation = 1};
constexpr Lineage kOther{.conversation = 2};

TEST(PrefixCache, HasWhatItsConversationSaidBefore) {
    PrefixCache cache(10'000);
    EXPECT_EQ(cache.find(kTalk, 160), 0U);
    cache.keep(kTalk, 320);
    EXPECT_EQ(cache.find(kTalk, 1'000), 320U);
    EXPECT_EQ(cache.find(kOther, 1'000), 0U);
    EXPECT_EQ(cache.used(), 320U);
}

TEST(PrefixCache, AlwaysLeavesTheLastTokenToCompute) {
    PrefixCache cache(10'000);
    cache.keep(kTalk, 320);
    EXPECT_EQ(cache.find(kTalk, 320), 304U);
}

TEST(PrefixCache, CountsWholeBlocks) {
    PrefixCache cache(10'000);
    cache.keep(kTalk, 100);
    EXPECT_EQ(cache.find(kTalk, 1'000), 96U);
}

TEST(PrefixCache, SharesAPrefixBetweenConversations) {
    PrefixCache cache(10'000);
    cache.keep({1, 9, 160}, 480);
    EXPECT_EQ(cache.find({2, 9, 160}, 480), 160U);
    EXPECT_EQ(cache.find({1, 9, 160}, 800), 480U);
    EXPECT_EQ(cache.used(), 480U);
}

TEST(PrefixCache, LosesTheLeastRecentlyUsedFirst) {
    PrefixCache cache(640);
    cache.keep(kTalk, 320);
    cache.keep(kOther, 320);
    EXPECT_EQ(cache.find(kTalk, 1'000), 320U);
    cache.keep({.conversation = 3}, 320);
    EXPECT_EQ(cache.find(kOther, 1'000), 0U);
    EXPECT_EQ(cache.find(kTalk, 1'000), 320U);
}

TEST(PrefixCache, LosesTheEndOfAConversationBeforeItsPrefix) {
    PrefixCache cache(640);
    cache.keep({1, 9, 160}, 480);
    cache.keep(kOther, 320);
    EXPECT_EQ(cache.find({1, 9, 160}, 1'000), 320U);
}

RC_GTEST_PROP(PrefixCache, NeverHoldsMoreThanItsBound, (std::uint16_t bound)) {
    PrefixCache cache(bound);
    for (int i = 0; i < 50; ++i) {
        const Lineage lineage{*rc::gen::inRange<std::uint64_t>(0, 4), *rc::gen::inRange<std::uint64_t>(0, 3), 64};
        const auto tokens = *rc::gen::inRange<std::uint32_t>(64, 2'000);
        RC_ASSERT(cache.find(lineage, tokens) < tokens);
        cache.keep(lineage, tokens);
        RC_ASSERT(cache.used() <= bound);
    }
}

}  // namespace
}  // namespace weir::simulate
