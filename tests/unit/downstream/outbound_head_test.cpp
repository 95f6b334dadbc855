// The head that a backend is sent, in the two halves around its host.

#include <gtest/gtest.h>

#include "downstream/exchange/caller.hpp"
#include "support/exchange_parts.hpp"

namespace weir::downstream {
namespace {

using test::Arrival;
using test::get_of;
using test::OneClient;
using test::post_to;
using test::RoutingParts;

constexpr std::string_view kTrace = "00-0123456789abcdef0123456789abcdef-0123456789abcdef-01";

std::string with_trace(std::string_view fields) {
    return std::string("X-Request-Id: id-1\r\nTraceparent: ").append(kTrace).append("\r\n").append(fields);
}

// Where the backend's host goes stands `HOST`.
std::string written(OneClient& one, const std::string& head) {
    one.state.pseudonym = "weir-1";
    Arrival arrival(one, head);
    write_head(one.client, arrival.inbound, arrival.caller, *arrival.head, arrival.outcome);
    return arrival.inbound.head.insert(arrival.inbound.host_at, "HOST");
}

bool has(const std::string& head, std::string_view line) {
    return head.find("\r\n" + std::string(line) + "\r\n") != std::string::npos;
}

TEST(WriteHead, SaysAllThatABackendIsToKnow) {
    OneClient one;
    EXPECT_EQ(written(one, get_of("/a?b=c", with_trace("Accept: */*\r\n"))),
              "GET /a?b=c HTTP/1.1\r\nHost: HOST\r\n"
              "Traceparent: 00-0123456789abcdef0123456789abcdef-0123456789abcdef-01\r\nAccept: */*\r\n"
              "X-Forwarded-For: 192.0.2.1\r\nX-Forwarded-Proto: http\r\nX-Forwarded-Host: a\r\n"
              "X-Request-Id: id-1\r\nVia: 1.1 weir-1\r\n");
}

TEST(WriteHead, KeepsTheChainOfHopsOnlyWhenThoseWhoTellItAreTrusted) {
    RoutingParts parts;
    OneClient stranger(parts);
    const std::string head = get_of("/", "X-Forwarded-For: 203.0.113.9\r\n");
    EXPECT_TRUE(has(written(stranger, head), "X-Forwarded-For: 192.0.2.1"));
    parts.clients.trusted_proxies = {IpNetwork::parse("192.0.2.1").value()};
    OneClient trusted(parts);
    EXPECT_TRUE(has(written(trusted, head), "X-Forwarded-For: 203.0.113.9, 192.0.2.1"));
}

TEST(WriteHead, PassesHintsToTheEngineOnFromTrustedProxiesOnly) {
    RoutingParts parts;
    OneClient stranger(parts);
    const std::string head = get_of("/", "X-Dynamo-Priority: 9\r\n");
    EXPECT_FALSE(has(written(stranger, head), "X-Dynamo-Priority: 9"));
    parts.clients.trusted_proxies = {IpNetwork::parse("192.0.2.1").value()};
    OneClient trusted(parts);
    EXPECT_TRUE(has(written(trusted, head), "X-Dynamo-Priority: 9"));
}

TEST(WriteHead, BeginsATraceWhereTheClientBringsNone) {
    OneClient one;
    Arrival arrival(one, get_of("/"));
    write_head(one.client, arrival.inbound, arrival.caller, *arrival.head, arrival.outcome);
    EXPECT_EQ(arrival.outcome.record.trace_id.size(), 32U);
    const std::string id(arrival.outcome.record.trace_id);
    EXPECT_NE(arrival.inbound.head.find("raceparent: 00-" + id + "-"), std::string::npos) << arrival.inbound.head;
}

TEST(WriteHead, NotesTheTraceThatTheClientBrings) {
    OneClient one;
    Arrival arrival(one, get_of("/", with_trace("")));
    write_head(one.client, arrival.inbound, arrival.caller, *arrival.head, arrival.outcome);
    EXPECT_EQ(arrival.outcome.record.trace_id, kTrace.substr(3, 32));
}

TEST(WriteHead, AsksForAnAnswerThatCanBeRead) {
    OneClient one;
    const std::string accepts = "Accept-Encoding: gzip\r\n";
    EXPECT_TRUE(has(written(one, post_to("/v1/messages", accepts)), "Accept-Encoding: identity"));
    EXPECT_TRUE(has(written(one, get_of("/v1/videos/video_1", accepts)), "Accept-Encoding: identity"));
    EXPECT_TRUE(has(written(one, get_of("/v1/videos/video_1/content", accepts)), "Accept-Encoding: gzip"));
    EXPECT_TRUE(has(written(one, post_to("/other", accepts)), "Accept-Encoding: gzip"));
}

TEST(WriteHead, TakesTheCodingOffABodyThatIsDecoded) {
    OneClient one;
    const std::string gzip = "Content-Encoding: gzip\r\nContent-Length: 20\r\n";
    EXPECT_FALSE(has(written(one, post_to("/v1/messages", gzip)), "Content-Encoding: gzip"));
    EXPECT_TRUE(has(written(one, post_to("/other", "Content-Type: image/png\r\n" + gzip)), "Content-Encoding: gzip"));
}

}  // namespace
}  // namespace weir::downstream
