#include "admission/rate_limit/client_table.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "support/virtual_time.hpp"

namespace weir::admission {
namespace {

constexpr TimePoint kNow = test::kStart;
const BucketRate kRate({.per_second = 1, .burst = 10});

// A table of one set, so that all clients share it.
class ClientTableTest : public testing::Test {
protected:
    // A client that arrived, took this many tokens, and left.
    void visit(ClientKey key, int tokens) {
        const ClientSlot slot = table.enter(key, kNow);
        for (int i = 0; i < tokens; ++i) (void)table.at(slot).buckets[Meter::requests].try_take(kRate, 1, kNow);
        table.leave(slot);
    }
    double level(ClientKey key) const { return table.look(key).buckets[Meter::requests].level(kRate, kNow); }

    ClientTable table{8};
};

TEST_F(ClientTableTest, RemembersPresentClientsAndWhatTheyTook) {
    const ClientSlot slot = table.enter(7, kNow);
    EXPECT_EQ(table.look(7).present, 1U);
    EXPECT_EQ(table.enter(7, kNow), slot);
    table.leave(slot);
    table.leave(slot);
    visit(7, 3);
    EXPECT_EQ(table.look(7).present, 0U);
    EXPECT_DOUBLE_EQ(level(7), 7);
    EXPECT_EQ(table.size(), 1U);
}

TEST_F(ClientTableTest, LookingChangesNothing) {
    (void)table.look(7);
    EXPECT_EQ(table.size(), 0U);
}

TEST_F(ClientTableTest, AFullTableEvictsTheFullestBucket) {
    for (ClientKey key = 1; key <= 8; ++key) visit(key, static_cast<int>(key));
    visit(100, 0);
    EXPECT_EQ(table.size(), 8U);
    EXPECT_EQ(table.evictions(), 1U);
    EXPECT_DOUBLE_EQ(level(2), 8) << "the second fullest stayed";
    EXPECT_DOUBLE_EQ(level(8), 2);
}

TEST_F(ClientTableTest, AnEvictedClientDoesNotComeBackWithAFullBucket) {
    for (ClientKey key = 1; key <= 8; ++key) visit(key, 9);
    for (ClientKey key = 100; key < 108; ++key) visit(key, 1);
    for (ClientKey key = 1; key <= 8; ++key) EXPECT_LE(level(key), 1) << key;
}

TEST_F(ClientTableTest, AnEvictedClientDoesNotInheritAFullBucket) {
    const ClientSlot held = table.enter(1, kNow);
    for (ClientKey key = 2; key <= 8; ++key) visit(key, 9);
    visit(100, 0);
    table.leave(held);
    for (ClientKey key = 2; key <= 8; ++key) EXPECT_LE(level(key), 1) << key;
}

TEST_F(ClientTableTest, ReplacingAFullBucketIsNotCountedAsAnEviction) {
    for (ClientKey key = 1; key <= 30; ++key) visit(key, 0);
    EXPECT_EQ(table.evictions(), 0U);
    EXPECT_DOUBLE_EQ(level(1), 10);
}

TEST_F(ClientTableTest, PresentClientsAreNeverEvicted) {
    std::vector<ClientSlot> slots;
    for (ClientKey key = 1; key <= 8; ++key) slots.push_back(table.enter(key, kNow));
    for (ClientKey key = 100; key < 200; ++key) table.leave(table.enter(key, kNow));
    for (ClientKey key = 1; key <= 8; ++key) EXPECT_EQ(table.look(key).present, 1U) << key;
    for (const ClientSlot slot : slots) table.leave(slot);
}

TEST_F(ClientTableTest, NewClientsOfATableInUseShareOneEntry) {
    for (ClientKey key = 1; key <= 8; ++key) (void)table.enter(key, kNow);
    const ClientSlot slot = table.enter(100, kNow);
    EXPECT_EQ(table.enter(200, kNow), slot);
    EXPECT_EQ(table.look(300).present, 2U);
    for (int i = 0; i < 10; ++i) EXPECT_TRUE(table.at(slot).buckets[Meter::requests].try_take(kRate, 1, kNow));
    EXPECT_DOUBLE_EQ(level(300), 0);
    table.leave(slot);
    table.leave(slot);
    EXPECT_EQ(table.look(300).present, 0U);
}

TEST_F(ClientTableTest, LeavingTheSharedEntryDoesNotRefillABucket) {
    std::vector<ClientSlot> slots;
    for (ClientKey key = 1; key <= 8; ++key) slots.push_back(table.enter(key, kNow));
    visit(100, 10);
    for (const ClientSlot slot : slots) table.leave(slot);
    EXPECT_DOUBLE_EQ(level(100), 0);
}

TEST(ClientTable, HoldsAtLeastItsBound) {
    ClientTable table(65'536);
    for (ClientKey key = 0; key < 30'000; ++key) table.leave(table.enter(key * 0x1234'5678'9ABC'DEF1U, kNow));
    EXPECT_GT(table.size(), 29'900U);
}

TEST(ClientTable, KeepsFillLevelsAcrossANewRate) {
    ClientTable table(8);
    const ClientSlot slot = table.enter(1, kNow);
    for (int i = 0; i < 5; ++i) (void)table.at(slot).buckets[Meter::requests].try_take(kRate, 1, kNow);
    const BucketRate other({.per_second = 100, .burst = 40});
    table.rescale(Meter::requests, kRate, other, kNow);
    EXPECT_NEAR(table.look(1).buckets[Meter::requests].level(other, kNow), 20, 1e-6);
}

}  // namespace
}  // namespace weir::admission
