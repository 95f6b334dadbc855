#include "downstream/shared/try_budget.hpp"

#include <gtest/gtest.h>

#include <deque>

namespace weir::downstream {
namespace {

std::size_t taken(TryBudget& budget, std::uint32_t inflight, std::deque<TryBudget::Part>& parts) {
    std::size_t count = 0;
    while (count < 1000 && parts.emplace_back().take(budget, inflight)) ++count;
    return count;
}

TEST(TryBudget, IsAShareOfTheRequestsInFlight) {
    TryBudget budget(0.1);
    std::deque<TryBudget::Part> parts;
    EXPECT_EQ(taken(budget, 200, parts), 20U);
    EXPECT_EQ(budget.used(), 20U);
}

TEST(TryBudget, AllowsThreeHoweverFewAreInFlight) {
    TryBudget budget(0);
    std::deque<TryBudget::Part> parts;
    EXPECT_EQ(taken(budget, 0, parts), 3U);
}

TEST(TryBudget, IsEarnedByRequestsThatNeedOneTryUpToABound) {
    TryBudget budget(0.1);
    for (int i = 0; i < 51; ++i) budget.earn();
    std::deque<TryBudget::Part> parts;
    EXPECT_EQ(taken(budget, 0, parts), 5U) << "those within the share cost what was earned, too";
    parts.clear();
    EXPECT_EQ(taken(budget, 0, parts), 3U) << "nothing is left of it";
    parts.clear();
    for (int i = 0; i < 100'000; ++i) budget.earn();
    EXPECT_GE(taken(budget, 0, parts), 100U);
    EXPECT_LE(parts.size(), 102U);
}

TEST(TryBudget, IsTakenOnceByARequestAndGivenBackAtItsEnd) {
    TryBudget budget(0);
    {
        TryBudget::Part part;
        EXPECT_TRUE(part.take(budget, 0));
        EXPECT_TRUE(part.take(budget, 0));
        EXPECT_EQ(budget.used(), 1U);
    }
    EXPECT_EQ(budget.used(), 0U);
}

}  // namespace
}  // namespace weir::downstream
