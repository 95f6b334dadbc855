#include "admission/learn/believed_hint.hpp"

#include <gtest/gtest.h>

#include "support/virtual_time.hpp"

namespace weir::admission {
namespace {

using namespace std::chrono_literals;
using test::kStart;

TEST(BelievedHint, IsAGuessAtFirst) {
    BelievedHint hint;
    hint.given(10s, kStart);
    EXPECT_FALSE(hint.believed());
    EXPECT_EQ(hint.until(), kStart + 10s);
}

TEST(BelievedHint, IsBelievedAfterTwoLateRefusals) {
    BelievedHint hint;
    hint.given(10s, kStart);
    hint.refused(kStart + 3s);
    EXPECT_FALSE(hint.believed());
    hint.refused(kStart + 5s);
    EXPECT_TRUE(hint.believed());
}

TEST(BelievedHint, LearnsNothingFromARefusalThatAShorterHintWouldHaveForetold) {
    BelievedHint hint;
    hint.given(10s, kStart);
    for (int i = 0; i < 9; ++i) hint.refused(kStart + 1s);
    hint.refused(kStart + 11s);
    hint.refused(kStart + 12s);
    EXPECT_FALSE(hint.believed());
}

TEST(BelievedHint, IsAGuessAgainOnceARequestIsAcceptedEarlier) {
    BelievedHint hint;
    hint.given(10s, kStart);
    hint.refused(kStart + 5s);
    hint.refused(kStart + 6s);
    hint.accepted(kStart + 11s);
    EXPECT_TRUE(hint.believed()) << "that was not earlier";
    hint.accepted(kStart + 7s);
    EXPECT_FALSE(hint.believed());
}

TEST(BelievedHint, NeverLastsLongerThanAMinute) {
    BelievedHint hint;
    hint.given(24h, kStart);
    EXPECT_EQ(hint.until(), kStart + 60s);
    hint.given(-5s, kStart + 1s);
    EXPECT_EQ(hint.until(), kStart + 60s);
}

}  // namespace
}  // namespace weir::admission
