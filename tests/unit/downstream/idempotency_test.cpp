#include "downstream/shared/idempotency.hpp"

#include <gtest/gtest.h>

namespace weir::downstream {
namespace {

using Standing = IdempotencyKeys::Standing;

TEST(IdempotencyKeys, TellsFirstRepeatedAndInFlight) {
    IdempotencyKeys keys;
    const auto hash = IdempotencyKeys::hash(1, "/v1/chat/completions", "key");
    EXPECT_EQ(keys.begin(hash), Standing::first);
    EXPECT_EQ(keys.begin(hash), Standing::in_flight);
    EXPECT_EQ(keys.begin(hash), Standing::in_flight);
    keys.end(hash);
    EXPECT_EQ(keys.begin(hash), Standing::repeated);
    EXPECT_EQ(keys.begin(hash), Standing::in_flight);
}

TEST(IdempotencyKeys, BelongToAClientAndAPath) {
    const auto hash = IdempotencyKeys::hash(1, "/a", "key");
    EXPECT_EQ(hash, IdempotencyKeys::hash(1, "/a", "key"));
    EXPECT_NE(hash, IdempotencyKeys::hash(2, "/a", "key"));
    EXPECT_NE(hash, IdempotencyKeys::hash(1, "/b", "key"));
    EXPECT_NE(hash, IdempotencyKeys::hash(1, "/a", "kez"));
}

TEST(IdempotencyKeys, RemembersTheLastOnesWithinItsBound) {
    IdempotencyKeys keys;
    for (IdempotencyKeys::Hash hash = 0; hash < 200'000; ++hash) {
        ASSERT_EQ(keys.begin(hash), Standing::first);
        keys.end(hash);
    }
    EXPECT_LE(keys.size(), 65'536U);
    EXPECT_EQ(keys.begin(200'000 - 32'768), Standing::repeated);
    EXPECT_EQ(keys.begin(0), Standing::first);
}

}  // namespace
}  // namespace weir::downstream
