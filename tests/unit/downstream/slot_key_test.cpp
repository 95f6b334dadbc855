// The idempotency key of a request.

#include <gtest/gtest.h>

#include "downstream/exchange/slot.hpp"
#include "support/exchange_parts.hpp"

namespace weir::downstream {
namespace {

using test::Arrival;
using test::OneClient;
using test::word;

TEST(IdempotencyKey, IsHeldByOneRequestAtATimeAndMarksARetryAfterwards) {
    OneClient one;
    Arrival first(one, test::get_of("/"));
    Arrival second(one, test::get_of("/"));
    ClientProbe probe(one.client, 1);
    {
        Slot holder(one.client, probe, first.outcome);
        EXPECT_EQ(word(holder.claim(first.caller, "/", "key")), "passed");
        EXPECT_FALSE(first.caller.ask.retry);
        Slot other(one.client, probe, second.outcome);
        EXPECT_EQ(word(other.claim(second.caller, "/", "key")), "idempotency_key_in_use");
        EXPECT_EQ(word(other.claim(second.caller, "/other", "key")), "passed") << "of another path it is another key";
        other.finish();
        EXPECT_EQ(word(other.claim(second.caller, "/", "key")), "idempotency_key_in_use")
            << "what was refused must not end the other's";
    }
    Slot later(one.client, probe, second.outcome);
    EXPECT_EQ(word(later.claim(second.caller, "/", "key")), "passed");
    EXPECT_TRUE(second.caller.ask.retry);
    EXPECT_EQ(second.outcome.record.retry_count, 1U);
}

TEST(IdempotencyKey, IsGivenBackOnceThoughItsHolderEndsTwice) {
    OneClient one;
    Arrival arrival(one, test::get_of("/"));
    ClientProbe probe(one.client, 1);
    Slot first(one.client, probe, arrival.outcome);
    Slot second(one.client, probe, arrival.outcome);
    Slot third(one.client, probe, arrival.outcome);
    EXPECT_EQ(word(first.claim(arrival.caller, "/", "key")), "passed");
    first.finish();
    EXPECT_EQ(word(second.claim(arrival.caller, "/", "key")), "passed");
    first.finish();
    EXPECT_EQ(word(third.claim(arrival.caller, "/", "key")), "idempotency_key_in_use");
}

TEST(IdempotencyKey, IsEachClientsOwn) {
    OneClient one;
    Arrival first(one, test::get_of("/"));
    Arrival second(one, test::get_of("/"));
    second.caller.ask.client = first.caller.ask.client + 1;
    ClientProbe probe(one.client, 1);
    Slot a(one.client, probe, first.outcome);
    Slot b(one.client, probe, second.outcome);
    EXPECT_EQ(word(a.claim(first.caller, "/", "key")), "passed");
    EXPECT_EQ(word(b.claim(second.caller, "/", "key")), "passed");
}

}  // namespace
}  // namespace weir::downstream
