#include "admission/learn/usual_answer.hpp"

#include <gtest/gtest.h>

namespace weir::admission {
namespace {

TEST(UsualAnswer, IsNothingBeforeOneHasEnded) { EXPECT_EQ(UsualAnswer().tokens(0), 0U); }

TEST(UsualAnswer, IsTheMeanOfThoseThatEnded) {
    UsualAnswer answer;
    for (const std::uint32_t tokens : {100U, 200U, 600U}) answer.learn(tokens);
    EXPECT_EQ(answer.tokens(0), 300U);
}

TEST(UsualAnswer, IsNoMoreThanTheRequestAllows) {
    UsualAnswer answer;
    answer.learn(300);
    EXPECT_EQ(answer.tokens(50), 50U);
    EXPECT_EQ(answer.tokens(1'000), 300U);
}

TEST(UsualAnswer, ForgetsWhatIsLongAgo) {
    UsualAnswer answer;
    for (int i = 0; i < 10'000; ++i) answer.learn(100);
    for (int i = 0; i < 1'000; ++i) answer.learn(500);
    EXPECT_NEAR(answer.tokens(0), 500, 10);
}

}  // namespace
}  // namespace weir::admission
