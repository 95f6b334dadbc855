#include "downstream/exchange/slot.hpp"

#include <gtest/gtest.h>

#include "support/asking_request.hpp"

namespace weir::downstream {
namespace {

using Asking = test::AskingRequest;
using test::OneClient;
using test::RoutingParts;
using test::word;
using namespace std::chrono_literals;

struct Standing {
    std::uint32_t inflight;
    std::uint32_t waiting;
    friend bool operator==(const Standing&, const Standing&) = default;
};
std::ostream& operator<<(std::ostream& out, const Standing& standing) {
    return out << standing.inflight << " in flight, " << standing.waiting << " waiting";
}
Standing standing(const OneClient& one) {
    const auto counts = one.client.routing->routes[0].judge->counts(one.client.turn());
    return {counts.classes[0].inflight, counts.classes[0].waiting};
}

TEST(Slot, IsHeldFromArrivalToFinish) {
    OneClient one;
    Asking asking(one);
    EXPECT_EQ(standing(one), (Standing{0, 0}));
    EXPECT_EQ(word(asking.arrive()), "passed");
    EXPECT_TRUE(asking.slot->running());
    EXPECT_EQ(asking.slot->endpoint(), EndpointId{0});
    EXPECT_EQ(standing(one), (Standing{1, 0}));
    asking.slot->finish();
    EXPECT_FALSE(asking.slot->running());
    EXPECT_EQ(standing(one), (Standing{0, 0}));
    asking.slot->finish();
    EXPECT_EQ(standing(one), (Standing{0, 0})) << "it gives back what it has once";
}

TEST(Slot, IsGivenBackWhateverEndsItsRequest) {
    OneClient one;
    {
        Asking runs(one);
        ASSERT_EQ(word(runs.arrive()), "passed");
        Asking waits(one);
        ASSERT_EQ(word(waits.arrive()), "passed");
        ASSERT_TRUE(waits.slot->waits());
        EXPECT_EQ(standing(one), (Standing{1, 1}));
    }
    EXPECT_EQ(standing(one), (Standing{0, 0}));
}

TEST(Slot, IsRefusedByTheJudgesDecision) {
    RoutingParts parts;
    parts.classes[0].config.limits.requests = admission::RateConfig{.per_second = 1, .burst = 1};
    OneClient one(parts);
    Asking first(one);
    EXPECT_EQ(word(first.arrive()), "passed");
    Asking second(one);
    const Passed no = second.arrive();
    ASSERT_EQ(word(no), "class_rate");
    EXPECT_EQ(no->gate, "class_rate");
    EXPECT_EQ(no->limit, 1);
    EXPECT_GT(no->retry_after, Duration::zero());
    EXPECT_FALSE(second.slot->running() || second.slot->waits());
}

TEST(Slot, TellsARequestInShadowWhatWouldHaveBeen) {
    RoutingParts parts;
    parts.classes[0].config.mode = admission::Mode::shadow;
    parts.classes[0].config.limits.requests = admission::RateConfig{.per_second = 1, .burst = 1};
    OneClient one(parts);
    Asking first(one);
    EXPECT_EQ(word(first.arrive()), "passed");
    EXPECT_FALSE(first.arrival.outcome.record.shadow);
    Asking second(one);
    EXPECT_EQ(word(second.arrive()), "passed");
    EXPECT_TRUE(second.slot->running());
    const telemetry::Record& record = second.arrival.outcome.record;
    EXPECT_TRUE(record.shadow);
    EXPECT_EQ(name(record.shadow_reason), "class_rate");
    EXPECT_EQ(record.gate, "class_rate");
    EXPECT_EQ(record.limit, 1);
}

TEST(Slot, CanBeCutWhereItsClassIsPreemptible) {
    RoutingParts parts;
    parts.classes = {test::make_class(0, admission::Priority::critical), test::make_class(1, admission::Priority::low)};
    parts.classes[0].config.match.methods = {"POST"};
    parts.classes[0].config.queue_timeout = 2s;
    parts.classes[1].config.preemptible = true;
    OneClient one(parts);
    Asking low(one);
    ASSERT_EQ(word(low.arrive()), "passed");
    EXPECT_FALSE(low.slot->ticket().cut());
    Ticket better(one.client.waker);
    SharedJudge& judge = low.slot->judge();
    judge.arrive(better, test::make_ask(0, 2), one.client.turn());
    judge.expire(one.client.turn() + 1s);  // it has waited half of what it may
    one.run_posted();
    EXPECT_TRUE(low.slot->ticket().cut());
    (void)judge.leave(better, one.client.turn());
}

TEST(Slot, ChargesWhatWasUsedInsteadOfWhatWasReserved) {
    RoutingParts parts;
    parts.classes[0].config.limits.tokens.emplace().both = admission::RateConfig{.per_second = 0.001, .burst = 100};
    OneClient one(parts);
    const auto left = [&] {
        const auto allowance = one.client.routing->routes[0].judge->allowance(test::make_ask(0), one.client.turn());
        return std::lround(allowance.of[static_cast<std::size_t>(admission::Meter::tokens)].remaining);
    };
    Asking asking(one);
    asking.arrival.caller.ask.output_tokens = 60;
    ASSERT_EQ(word(asking.arrive()), "passed");
    EXPECT_EQ(left(), 40);
    asking.arrival.outcome.record.tokens_in = {5, telemetry::TokenSource::usage};
    asking.arrival.outcome.record.tokens_out = {10, telemetry::TokenSource::usage};
    asking.slot->finish();
    EXPECT_EQ(left(), 85);
}

}  // namespace
}  // namespace weir::downstream
