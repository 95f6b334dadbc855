#include "upstream/answer_window.hpp"

#include <gtest/gtest.h>

#include "support/virtual_time.hpp"
#include "upstream/first_tokens.hpp"

namespace weir::upstream {
namespace {

using namespace std::chrono_literals;
using test::kStart;

TEST(AnswerWindow, ForgetsWhatIsOlderThanTenSeconds) {
    AnswerWindow window;
    AnswerCounts total{100, 50};
    EXPECT_EQ(window.recent(total).failed, 50U);
    for (int i = 0; i < 9; ++i) window.tick(total, kStart + i * 1s);
    EXPECT_EQ(window.recent(total).failed, 50U);
    window.tick(total, kStart + 9s);
    total += {7, 3};
    EXPECT_EQ(window.recent(total).failed, 3U);
    EXPECT_EQ(window.recent(total).failure_ratio(), 0.3);
}

TEST(AnswerWindow, TakesOneStepASecondHoweverOftenItTicks) {
    AnswerWindow window;
    const AnswerCounts total{0, 5};
    for (int i = 0; i < 80; ++i) window.tick(total, kStart + i * 100ms);
    EXPECT_EQ(window.recent(total).failed, 5U);
}

TEST(AnswerWindow, StartsAnew) {
    AnswerWindow window;
    window.restart({10, 10});
    EXPECT_EQ(window.recent({11, 10}).all(), 1U);
}

TEST(FirstTokens, HaveAMedianOnceThereAreEnough) {
    FirstTokens times;
    for (int i = 1; i <= 15; ++i) times.add(i * 10ms, kStart);
    EXPECT_EQ(times.median(kStart), std::nullopt);
    times.add(10s, kStart);
    EXPECT_EQ(times.median(kStart), 90ms);
    EXPECT_EQ(times.median(kStart + FirstTokens::kWindow), std::nullopt);
}

}  // namespace
}  // namespace weir::upstream
