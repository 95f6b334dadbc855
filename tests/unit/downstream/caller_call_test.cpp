// Which call a request is by its head.

#include <gtest/gtest.h>

#include "downstream/exchange/caller.hpp"
#include "support/exchange_parts.hpp"

namespace weir::downstream {
namespace {

using ai::Api;
using test::Arrival;
using test::get_of;
using test::OneClient;
using test::post_to;
using test::RoutingParts;

RoutingParts speaking(Dialect dialect) {
    RoutingParts parts;
    parts.backend.dialect = dialect;
    return parts;
}

struct Call {
    std::string_view method;
    std::string_view path;
    Dialect backend;
    Dialect dialect;
    Api api;
};

TEST(Identify, KnowsTheCallByMethodAndPath) {
    for (const Call& row : {
             Call{"POST", "/v1/chat/completions", Dialect::generic, Dialect::openai, Api::chat},
             {"POST", "/v1/chat/completions?a=b", Dialect::generic, Dialect::openai, Api::chat},
             {"POST", "/v1/messages", Dialect::openai, Dialect::anthropic, Api::messages},
             {"POST", "/v1/messages/count_tokens", Dialect::openai, Dialect::anthropic, Api::count_tokens},
             {"POST", "/other", Dialect::openai, Dialect::openai, Api::other},
             {"POST", "/other", Dialect::anthropic, Dialect::anthropic, Api::other},
             {"POST", "/other", Dialect::generic, Dialect::generic, Api::generic},
             {"GET", "/v1/chat/completions", Dialect::generic, Dialect::openai, Api::generic},
             {"PUT", "/v1/messages", Dialect::openai, Dialect::anthropic, Api::generic},
         }) {
        OneClient one(speaking(row.backend));
        const Arrival arrival(
            one, std::string(row.method).append(" ").append(row.path).append(" HTTP/1.1\r\nHost: a\r\n\r\n"));
        EXPECT_EQ(arrival.caller.dialect, row.dialect) << row.method << " " << row.path;
        EXPECT_EQ(arrival.caller.api, row.api) << row.method << " " << row.path;
    }
}

struct Job {
    std::string_view method;
    std::string_view path;
    Dialect backend;
    bool bypasses_queue;
    bool knows_endpoint;
};

// A video is asked about at its endpoint where that is known. Of responses only jobs are known, and no other passes.
TEST(Identify, LetsQuestionsAboutJobsPassBesideTheLine) {
    for (const Job& row : {
             Job{"GET", "/v1/videos/video_1", Dialect::openai, true, true},
             {"GET", "/v1/videos/video_1/content", Dialect::openai, true, true},
             {"DELETE", "/v1/videos/video_1", Dialect::openai, true, true},
             {"GET", "/v1/videos/video_2", Dialect::openai, true, false},
             {"GET", "/v1/videos", Dialect::openai, true, false},
             {"GET", "/v1/responses/resp_1", Dialect::openai, true, true},
             {"POST", "/v1/responses/resp_1/cancel", Dialect::openai, true, true},
             {"GET", "/v1/responses/resp_2", Dialect::openai, false, false},
             {"POST", "/v1/videos", Dialect::openai, false, false},
             {"POST", "/v1/responses", Dialect::openai, false, false},
             {"GET", "/v1/videos/video_1", Dialect::generic, false, false},
         }) {
        RoutingParts parts = speaking(row.backend);
        parts.endpoints = {4};
        OneClient one(parts);
        const Route& route = one.client.routing->routes[0];
        for (const char* id : {"video_1", "resp_1"}) {
            Ticket ticket(one.client.waker);
            route.judge->arrive(ticket, test::make_ask(0), one.client.turn());
            ASSERT_TRUE(route.jobs->begin(ticket, id, TimePoint::max(), one.client.turn(), id[0] == 'r'));
        }
        const Arrival arrival(
            one, std::string(row.method).append(" ").append(row.path).append(" HTTP/1.1\r\nHost: a\r\n\r\n"));
        EXPECT_EQ(arrival.caller.ask.bypasses_queue, row.bypasses_queue) << row.method << " " << row.path;
        EXPECT_EQ(arrival.caller.ask.endpoint, row.knows_endpoint ? EndpointId{0} : kNoEndpoint)
            << row.method << " " << row.path;
        route.jobs->end("video_1", one.client.turn());
        route.jobs->end("resp_1", one.client.turn());
    }
}

TEST(Identify, LeavesTheClassOpenWhereTheBodyDecides) {
    RoutingParts parts;
    parts.classes = {test::make_class(0), test::make_class(1)};
    parts.classes[0].config.match.models = {"big"};
    OneClient one(parts);
    const Arrival arrival(one, post_to("/v1/messages", test::json_fields(2)));
    EXPECT_FALSE(arrival.caller.open.empty());
    EXPECT_EQ(arrival.caller.ask.cls, ClassId{1}) << "what it is if its body decides nothing";
}

TEST(Identify, SeesAnUpgradeOnlyWhereTheBackendTakesOne) {
    const std::string handshake = get_of("/v1/realtime",
                                         "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                                         "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n");
    RoutingParts parts;
    OneClient plain(parts);
    EXPECT_EQ(Arrival(plain, handshake).caller.upgrade, http::UpgradeAsk::none);
    parts.backend.websocket.emplace();
    OneClient open(parts);
    const Arrival arrival(open, handshake);
    EXPECT_TRUE(arrival.caller.upgrades());
    EXPECT_TRUE(arrival.inbound.keep_alive);
    EXPECT_FALSE(arrival.caller.keeps_alive(arrival.inbound)) << "frames may follow, and are no requests";
}

}  // namespace
}  // namespace weir::downstream
