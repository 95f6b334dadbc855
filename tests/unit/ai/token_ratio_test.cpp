#include "ai/token_ratio.hpp"

#include <gtest/gtest.h>

namespace weir::ai {
namespace {

TEST(TokenRatio, StartsWithFourBytesPerToken) {
    const TokenRatio ratio;
    EXPECT_EQ(ratio.estimate(0), 0U);
    EXPECT_EQ(ratio.estimate(1), 1U);
    EXPECT_EQ(ratio.estimate(400), 100U);
    EXPECT_EQ(ratio.estimate(~0ULL), 0x7FFF'FFFFU);
    EXPECT_EQ(ratio.accuracy(), 1.0);
}

TEST(TokenRatio, LearnsFromUsage) {
    TokenRatio ratio;
    for (int i = 0; i < 2000; ++i) ratio.learn(6000, 1000);
    EXPECT_NEAR(ratio.estimate(6000), 1000, 10);
    EXPECT_NEAR(ratio.accuracy(), 1.0, 0.01);
}

TEST(TokenRatio, LearnsLittleFromOneRequest) {
    TokenRatio ratio;
    ratio.learn(1'000'000, 85);  // a picture
    EXPECT_GT(ratio.tokens_per_byte(), 0.23);
    EXPECT_GT(ratio.accuracy(), 1.0);
}

TEST(TokenRatio, StaysWithinItsBounds) {
    TokenRatio ratio;
    for (int i = 0; i < 10'000; ++i) ratio.learn(100'000, 1);
    EXPECT_NEAR(ratio.tokens_per_byte(), 1.0 / 16, 1e-6);
    for (int i = 0; i < 10'000; ++i) ratio.learn(100, 1'000'000);
    EXPECT_NEAR(ratio.tokens_per_byte(), 1.0, 1e-6);
    ratio.learn(0, 5);
    ratio.learn(5, 0);
    EXPECT_NEAR(ratio.tokens_per_byte(), 1.0, 1e-6);
}

}  // namespace
}  // namespace weir::ai
