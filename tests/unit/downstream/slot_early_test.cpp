// What is refused before a body is read.

#include <gtest/gtest.h>

#include "support/asking_request.hpp"

namespace weir::downstream {
namespace {

using test::Arrival;
using test::OneClient;
using test::RoutingParts;
using test::word;
using Asking = test::AskingRequest;

std::uint32_t inflight(const OneClient& one) {
    return one.client.routing->routes[0].judge->counts(one.client.turn()).classes[0].inflight;
}

TEST(Slot, AsksBeforeTheBodyOnlyWhatTheBodyCannotChange) {
    RoutingParts parts;
    parts.classes[0].config.limits.requests = admission::RateConfig{.per_second = 1, .burst = 1};
    const auto routing = test::make_routing(parts);
    OneClient one(routing);
    Asking first(one);
    EXPECT_EQ(word(first.slot->refuse_early(first.arrival.caller)), "passed");
    EXPECT_EQ(inflight(one), 0U) << "asking takes nothing";
    EXPECT_EQ(word(first.arrive()), "passed");
    Asking second(one);
    EXPECT_EQ(word(second.slot->refuse_early(second.arrival.caller)), "class_rate");
    // What its body asks for may be served elsewhere.
    routing->routes[0].degrade_routes.push_back(routing->routes[0]);
    EXPECT_EQ(word(second.slot->refuse_early(second.arrival.caller)), "passed");
}

TEST(Slot, IsNotRefusedEarlyWhereTheBodyDecidesTheClass) {
    RoutingParts parts;
    parts.classes = {test::make_class(0), test::make_class(1)};
    parts.classes[0].config.match.models = {"big"};
    parts.classes[1].config.limits.requests = admission::RateConfig{.per_second = 1, .burst = 1};
    OneClient one(parts);
    const auto refused_early = [&](std::string_view fields) {
        Arrival arrival(one, test::post_to("/v1/messages", fields));
        ClientProbe probe(one.client, 1);
        Outcome outcome(one.client, arrival.inbound);
        Slot slot(one.client, probe, outcome);
        (void)slot.arrive(arrival.caller);
        Slot second(one.client, probe, outcome);
        return word(second.refuse_early(arrival.caller));
    };
    EXPECT_EQ(refused_early(test::json_fields(2)), "passed");
}

}  // namespace
}  // namespace weir::downstream
