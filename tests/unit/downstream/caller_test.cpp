#include "downstream/exchange/caller.hpp"

#include <gtest/gtest.h>

#include "admission/classify/cohort.hpp"
#include "support/exchange_parts.hpp"

namespace weir::downstream {
namespace {

using test::Arrival;
using test::get_of;
using test::OneClient;
using test::post_to;
using test::RoutingParts;
using namespace std::chrono_literals;

// Class 0 is that of alice's key, class 1 that of all others.
RoutingParts with_key() {
    RoutingParts parts;
    parts.clients.api_keys = {{"alice", "", sha256("secret")}};
    parts.classes = {test::make_class(0), test::make_class(1)};
    parts.classes[0].config.match.api_keys = {"alice"};
    return parts;
}

struct Shown {
    std::string_view fields;
    std::string_view key_name;
};

TEST(Identify, FindsTheKeyWhereverADialectPutsIt) {
    for (const Shown& row : {
             Shown{"Authorization: Bearer secret\r\n", "alice"},
             {"authorization: bearer   secret\r\n", "alice"},
             {"X-Api-Key: secret\r\n", "alice"},
             {"Api-Key: secret\r\n", "alice"},
             {"X-Api-Key: secret\r\nAuthorization: Bearer secret\r\n", "alice"},
             {"", ""},
             {"Authorization: Bearer \r\n", ""},
             {"Authorization: Basic secret\r\n", ""},
             {"Authorization: secret\r\n", ""},
             {"Authorization: Bearer wrong\r\n", ""},
             // Of two that differ neither counts, whichever stands first.
             {"X-Api-Key: secret\r\nAuthorization: Bearer wrong\r\n", ""},
             {"X-Api-Key: wrong\r\nAuthorization: Bearer secret\r\n", ""},
         }) {
        OneClient one(with_key());
        const Arrival arrival(one, get_of("/", row.fields));
        EXPECT_EQ(arrival.outcome.record.key_name, row.key_name) << row.fields;
        EXPECT_EQ(arrival.caller.ask.cls, ClassId(row.key_name.empty() ? 1 : 0)) << row.fields;
        EXPECT_EQ(arrival.outcome.record.cls, arrival.caller.ask.cls) << row.fields;
    }
}

TEST(Identify, CountsByKeyWhereThereIsOneAndByAddressElse) {
    const auto client_of = [](const char* peer, std::string_view fields) {
        OneClient one(test::make_routing(with_key()), IpAddress::parse(peer).value());
        return Arrival(one, get_of("/", fields)).caller.ask.client;
    };
    const std::string_view key = "X-Api-Key: secret\r\n";
    EXPECT_EQ(client_of("192.0.2.1", key), client_of("192.0.2.2", key));
    EXPECT_NE(client_of("192.0.2.1", key), client_of("192.0.2.1", ""));
    EXPECT_NE(client_of("192.0.2.1", ""), client_of("192.0.2.2", ""));
    EXPECT_EQ(client_of("2001:db8::1", ""), client_of("2001:db8::2", ""));
}

TEST(Identify, BelievesOnlyATrustedProxyAboutTheSource) {
    RoutingParts parts;
    parts.clients.trusted_proxies = {IpNetwork::parse("192.0.2.0/24").value()};
    const auto routing = test::make_routing(parts);
    for (const auto& [peer, source, trusted] : {std::tuple{"192.0.2.1", "203.0.113.9", true},  //
                                                {"198.51.100.1", "198.51.100.1", false}}) {
        OneClient one(routing, IpAddress::parse(peer).value());
        const Arrival arrival(one, get_of("/", "X-Forwarded-For: 203.0.113.9\r\n"));
        EXPECT_EQ(arrival.outcome.record.source.to_string(), source);
        EXPECT_EQ(arrival.caller.trusted, trusted) << peer;
    }
}

TEST(Identify, DealsItsClientIntoTheCohortOfTheHour) {
    OneClient one(with_key());
    one.state.wall_offset = 1h * 24 * 365 * 50;
    const Arrival arrival(one, get_of("/", "X-Api-Key: secret\r\n"));
    const auto cohort_key = one.client.routing->classifier.assume({}, "alice").cohort_key;
    const auto wall = arrival.outcome.arrived.time_since_epoch() + one.state.wall_offset;
    EXPECT_EQ(arrival.caller.ask.cohort,
              admission::cohort_of(cohort_key, std::chrono::duration_cast<std::chrono::seconds>(wall)));
}

TEST(Identify, KnowsAClientByItsCertificate) {
    RoutingParts parts = with_key();
    parts.clients.certificates = {{"robot", "", "CN=robot"}};
    parts.classes[0].config.match = {};
    parts.classes[0].config.match.certificates = {"robot"};
    OneClient one(parts);
    one.client.certificate = std::make_unique<const ShownCertificate>(ShownCertificate{"CN=robot", "CN=authority"});
    const Arrival arrival(one, get_of("/"));
    EXPECT_EQ(arrival.outcome.record.key_name, "robot");
    EXPECT_EQ(arrival.caller.ask.cls, ClassId{0});
}

TEST(Identify, KnowsAConversationByTheHeaderOfItsBackend) {
    RoutingParts parts;
    parts.backend.affinity = upstream::AffinityConfig{"x-conversation-id"};
    OneClient one(parts);
    const auto conversation = [&](std::string_view fields) {
        return Arrival(one, post_to("/v1/messages", std::string(fields))).caller.ask.affinity;
    };
    EXPECT_NE(conversation("X-Conversation-Id: a\r\n"), 0U);
    EXPECT_EQ(conversation("X-Conversation-Id: a\r\n"), conversation("x-conversation-id:  a \r\n"));
    EXPECT_NE(conversation("X-Conversation-Id: a\r\n"), conversation("X-Conversation-Id: b\r\n"));
    EXPECT_EQ(conversation("X-Conversation-Id: a\r\nX-Conversation-Id: b\r\n"), 0U) << "two names are none";
    EXPECT_EQ(conversation(""), 0U);
    OneClient without;
    EXPECT_EQ(Arrival(without, post_to("/v1/messages", "X-Conversation-Id: a\r\n")).caller.ask.affinity, 0U);
}

TEST(Identify, LeavesARequestThatNoClassMatchesWithoutARoute) {
    RoutingParts parts;
    parts.classes[0].config.match.methods = {"DELETE"};
    OneClient one(parts);
    const Arrival arrival(one, post_to("/v1/messages"));
    EXPECT_EQ(arrival.caller.route, nullptr);
    EXPECT_EQ(arrival.caller.dialect, Dialect::anthropic);  // its refusal is worded by its path all the same
    EXPECT_EQ(arrival.outcome.record.cls, kNoClass);
}

}  // namespace
}  // namespace weir::downstream
