#include "admission/learn/quota_kind.hpp"

#include <gtest/gtest.h>

#include "support/virtual_time.hpp"

namespace weir::admission {
namespace {

using namespace std::chrono_literals;
using test::kStart;

// A refusal beside `refused` others, then requests that were accepted beside each number from `least` to `most`.
void episode(QuotaKind& kind, std::uint32_t refused, std::uint32_t least, std::uint32_t most) {
    kind.refused(refused);
    for (std::uint32_t beside = least; beside <= most; ++beside) kind.accepted(beside);
}

TEST(QuotaKind, IsARateUntilThereIsEvidence) { EXPECT_FALSE(QuotaKind().is_at_once()); }

TEST(QuotaKind, IsALimitAtOnceWhereRefusalsSeparateByTheNumberBeside) {
    QuotaKind kind;
    for (int i = 0; i < 7; ++i) episode(kind, 32, 12, 31);
    EXPECT_TRUE(kind.is_at_once());
}

TEST(QuotaKind, IsARateWhereTheNumberBesideSaysNothing) {
    QuotaKind kind;
    for (std::uint32_t i = 0; i < 50; ++i) episode(kind, 20 + i % 10, 12, 40);
    EXPECT_FALSE(kind.is_at_once());
}

TEST(QuotaKind, IsNotFooledByARampOnWhichEveryRefusalIsTheHighestYet) {
    QuotaKind kind;
    for (std::uint32_t i = 1; i < 50; ++i) episode(kind, 20 * i, 20 * i, 20 * i + 20);
    EXPECT_FALSE(kind.is_at_once());
}

TEST(QuotaKind, CountsRefusalsInARowOnce) {
    QuotaKind kind;
    episode(kind, 32, 12, 31);
    for (int i = 0; i < 100; ++i) kind.refused(32);
    EXPECT_FALSE(kind.is_at_once());
}

TEST(QuotaKind, BecomesARateOnceRefusalsRiseAndFall) {
    QuotaKind kind;
    for (int i = 0; i < 7; ++i) episode(kind, 32, 12, 31);
    for (const std::uint32_t beside : {32U, 33U, 32U, 31U, 32U, 33U, 32U}) episode(kind, beside, 31, 31);
    EXPECT_TRUE(kind.is_at_once());
    for (const std::uint32_t beside : {27U, 22U, 28U, 24U, 20U}) episode(kind, beside, 20, 26);
    EXPECT_TRUE(kind.is_at_once()) << "one rise may be the limit's own";
    episode(kind, 25, 20, 25);
    EXPECT_FALSE(kind.is_at_once());
}

TEST(UndecidedRequests, CountThoseBesideWithoutTheOnesThatProvedRefused) {
    const Undecided request{.number = 9, .beside = 8, .refusals = 100};
    EXPECT_EQ(request.truly_beside(100), 8U);
    EXPECT_EQ(request.truly_beside(103), 5U);
    EXPECT_EQ(request.truly_beside(120), 0U);
}

TEST(UndecidedRequests, AreFoundByNumberAndKeepNoMoreThanASample) {
    UndecidedRequests requests;
    for (std::uint64_t i = 1; i <= 1000; ++i) requests.add({.number = 2 * i});
    EXPECT_EQ(requests.find(3), nullptr);
    EXPECT_EQ(requests.find(2000), nullptr);
    ASSERT_NE(requests.find(512), nullptr);
    for (int i = 0; i < 200; ++i) requests.drop_oldest();
    for (std::uint64_t i = 1001; i <= 1100; ++i) requests.add({.number = 2 * i});
    EXPECT_EQ(requests.oldest().number, 402U);
    EXPECT_EQ(requests.find(400), nullptr);
    ASSERT_NE(requests.find(2200), nullptr);
    EXPECT_EQ(requests.find(2200)->number, 2200U);
}

}  // namespace
}  // namespace weir::admission
