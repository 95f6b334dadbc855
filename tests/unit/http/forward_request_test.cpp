#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "http/forward.hpp"
#include "support/heads.hpp"

namespace weir::http {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr RequestExtras kExtras{
    .forwarded_for = "203.0.113.9", .over_tls = true, .request_id = "ours", .traceparent = {}, .pseudonym = "weir-1"};

// What a backend called `model:8000` is sent.
std::string forward(const std::string& text, const RequestExtras& extras = kExtras) {
    RequestHead head;
    const ParseResult result = parse_request(text, {}, head);
    EXPECT_EQ(result.status, ParseStatus::complete) << result.detail;
    std::string out;
    write_request_before_host(head, out);
    out += "model:8000";
    write_request_after_host(head, extras, out);
    end_request_head({head.framing, head.content_length}, out);
    return out;
}

int count(std::string_view text, std::string_view part) {
    int found = 0;
    for (auto at = text.find(part); at != std::string_view::npos; at = text.find(part, at + 1)) ++found;
    return found;
}

TEST(ForwardRequest, WritesTheHeadAnew) {
    EXPECT_EQ(forward(test::post_with("accept:  a \r\nContent-Length: 5\r\n")),
              test::head_of({"POST /v1/chat/completions HTTP/1.1", "Host: model:8000", "accept: a",
                             "X-Forwarded-For: 203.0.113.9", "X-Forwarded-Proto: https", "X-Forwarded-Host: a",
                             "X-Request-Id: ours", "Via: 1.1 weir-1", "Content-Length: 5"}));
}

TEST(ForwardRequest, ParsesBackToTheSameRequest) {
    RequestHead head;
    const std::string out = forward(test::post_with("Transfer-Encoding: chunked\r\nX: 1\r\n"));
    ASSERT_EQ(parse_request(out, {}, head).consumed, out.size());
    EXPECT_EQ(head.framing, Framing::chunked);
    EXPECT_EQ(head.fields.find_single("x")->value, "1");
}

TEST(ForwardRequest, DropsHopByHopFields) {
    const std::string out =
        forward(test::post_with("Keep-Alive: 5\r\nProxy-Connection: x\r\nTE: trailers\r\nUpgrade: h2c\r\nTrailer: x\r\n"
                                "Proxy-Authorization: x\r\nHTTP2-Settings: x\r\nExpect: 100-continue\r\n"
                                "Connection: keep-alive, upgrade, http2-settings\r\n"));
    for (const auto* name : {"Keep-Alive", "Proxy-", "TE:", "Upgrade", "Trailer", "HTTP2", "Expect", "Connection"}) {
        EXPECT_THAT(out, Not(HasSubstr(name)));
    }
}

// Neighbours are copied together; one that is dropped or spaced differently must not take them along.
TEST(ForwardRequest, KeepsTheFieldsAroundADroppedOne) {
    const std::string out =
        forward(test::post_with("a: 1\r\nb: 2\r\nTE: trailers\r\nc: 3\r\nd:4\r\ne: 5 \r\nf: 6\r\ng:\r\nh: 8\r\n"));
    EXPECT_THAT(out, HasSubstr("\r\na: 1\r\nb: 2\r\nc: 3\r\nd: 4\r\ne: 5\r\nf: 6\r\ng: \r\nh: 8\r\nX-Forwarded-For:"));
}

TEST(ForwardRequest, DropsClaims) {
    const std::string out =
        forward(test::post_with("Proxy: x\r\nX-Original-URL: /x\r\nX-A: 1\r\nTrue_Client_IP: x\r\n"
                                "X-HTTP-Method-Override: x\r\nX-B: 2\r\n"));
    EXPECT_THAT(out, HasSubstr("\r\nX-A: 1\r\nX-B: 2\r\nX-Forwarded-For:"));
}

TEST(ForwardRequest, PassesEngineHintsOnOnlyForTrustedCallers) {
    const std::string request = test::post_with("X-SMG-Priority: 9\r\nx_dynamo_request_priority: 9\r\nX-A: 1\r\n");
    EXPECT_THAT(forward(request), AllOf(HasSubstr("X-A: 1"), Not(HasSubstr("riority"))));
    RequestHead head;
    EXPECT_EQ(parse_request(request, {}, head).status, ParseStatus::complete);
    std::string out;
    write_request_after_host(head, {.trusted = true}, out);
    EXPECT_THAT(out, AllOf(HasSubstr("X-SMG-Priority: 9\r\n"), HasSubstr("x_dynamo_request_priority: 9\r\n")));
}

// Checklist 11.
TEST(ForwardRequest, RemovesFieldsNamedByConnection) {
    const std::string out =
        forward(test::post_with("X-A: 1\r\nConnection: x-a , X-B\r\nX-B: 2\r\nX-C: 3\r\nConnection: close\r\n"));
    EXPECT_THAT(out, Not(HasSubstr("X-A")));
    EXPECT_THAT(out, Not(HasSubstr("X-B")));
    EXPECT_THAT(out, HasSubstr("X-C: 3"));
}

TEST(ForwardRequest, KeepsWeirsFieldsWhateverConnectionNames) {
    const std::string out =
        forward(test::post_with("Content-Length: 5\r\nConnection: close, X-Forwarded-For, X-Forwarded-Proto, Via, "
                                "X-Request-Id, Content-Length, Host\r\n"));
    for (const auto* line : {"X-Forwarded-For: 203.0.113.9\r\n", "X-Forwarded-Proto: https\r\n", "Via: 1.1 weir-1\r\n",
                             "X-Request-Id: ours\r\n", "Content-Length: 5\r\n", "Host: model:8000\r\n"}) {
        EXPECT_THAT(out, HasSubstr(line));
    }
}

TEST(ForwardRequest, DropsClaimedIdentities) {
    const std::string out =
        forward(test::post_with("X-Forwarded-For: 6.6.6.6\r\nX_Forwarded_For: 6.6.6.6\r\nForwarded: for=6.6.6.6\r\n"
                                "X-Real-IP: 6.6.6.6\r\nX-Weir-Class: top\r\nX_Weir_Class: top\r\n"
                                "X-Forwarded-Prefix: 6.6.6.6\r\nX-Forwarded-Host: 6.6.6.6\r\n"));
    EXPECT_THAT(out, Not(HasSubstr("6.6.6.6")));
    EXPECT_THAT(out, Not(HasSubstr("top")));
    EXPECT_EQ(count(out, "X-Forwarded-For"), 1);
}

TEST(ForwardRequest, DropsFramingFieldsWithUnderscores) {
    const std::string out = forward(test::post_with("Content_Length: 9\r\ntransfer_encoding: chunked\r\n"));
    EXPECT_THAT(out, Not(HasSubstr("_")));
}

TEST(ForwardRequest, KeepsRepeatedFieldsInOrder) {
    EXPECT_THAT(forward(test::post_with("X: 1\r\nY: 2\r\nX: 3\r\n")), HasSubstr("X: 1\r\nY: 2\r\nX: 3\r\n"));
}

TEST(ForwardRequest, AddsItselfToVia) {
    EXPECT_THAT(forward(test::post_with("Via: 1.0 other\r\n")),
                testing::ContainsRegex("Via: 1.0 other\r\n(.*\r\n)*Via: 1.1 weir-1\r\n"));
    EXPECT_THAT(forward(test::head_of({"GET / HTTP/1.0"})), HasSubstr("Via: 1.0 weir-1\r\n"));
}

TEST(ForwardRequest, SendsTheGivenTrace) {
    const auto text = test::post_with("traceparent: theirs\r\n");
    EXPECT_THAT(forward(text), HasSubstr("traceparent: theirs\r\n"));
    RequestExtras extras = kExtras;
    extras.traceparent = "ours-too";
    const std::string out = forward(text, extras);
    EXPECT_THAT(out, HasSubstr("traceparent: ours-too\r\n"));
    EXPECT_THAT(out, Not(HasSubstr("theirs")));
}

TEST(ForwardRequest, CountsMaxForwardsDown) {
    EXPECT_THAT(forward(test::head_of({"OPTIONS * HTTP/1.1", "Host: a", "Max-Forwards: 3"})),
                HasSubstr("Max-Forwards: 2\r\n"));
    EXPECT_THAT(forward(test::head_of({"GET / HTTP/1.1", "Host: a", "Max-Forwards: 3"})),
                HasSubstr("Max-Forwards: 3\r\n"));
}

TEST(ForwardRequest, SendsTheHostOfTheAbsoluteFormAsXForwardedHost) {
    const std::string out = forward(test::head_of({"GET http://b/x HTTP/1.1", "Host: a"}));
    EXPECT_THAT(out, testing::StartsWith("GET /x HTTP/1.1\r\nHost: model:8000\r\n"));
    EXPECT_THAT(out, HasSubstr("X-Forwarded-Host: b\r\n"));
}

FieldTable fields_of(RequestHead& head, const std::string& text) {
    EXPECT_EQ(parse_request(text, {}, head).status, ParseStatus::complete);
    return head.fields;
}

TEST(SeenBefore, FindsThisProcessAnywhereInVia) {
    RequestHead head;
    for (const auto* via :
         {"Via: 1.1 weir-1\r\n", "Via: 1.0 a, 1.1 weir-1 (x), 1.1 b\r\n", "Via: 1.1 a\r\nVia: HTTP/1.1 weir-1\r\n"}) {
        const auto text = test::post_with(via);
        EXPECT_TRUE(seen_before(fields_of(head, text), "weir-1")) << via;
    }
    for (const auto* via :
         {"", "Via: 1.1 weir-10\r\n", "Via: weir-1\r\n", "Via: 1.1 a (weir-1)\r\n", "X: 1.1 weir-1\r\n"}) {
        const auto text = test::post_with(via);
        EXPECT_FALSE(seen_before(fields_of(head, text), "weir-1")) << via;
    }
}

TEST(SeenBefore, TreatsMoreHopsThanAnyRealChainAsALoop) {
    RequestHead head;
    std::string chain = "Via: 1.1 a";
    for (std::size_t hop = 1; hop < kMaxHops; ++hop) chain += ", 1.1 a";
    const auto longest = test::post_with(chain + "\r\n");
    EXPECT_FALSE(seen_before(fields_of(head, longest), "weir-1"));
    const auto longer = test::post_with(chain + "\r\nVia: 1.1 b\r\n");
    EXPECT_TRUE(seen_before(fields_of(head, longer), "weir-1"));
}

TEST(JoinedForwardedFor, KeepsTheOrderOfTheChain) {
    RequestHead head;
    const auto text = test::post_with("X-Forwarded-For: 1.1.1.1, 2.2.2.2\r\nX: 1\r\nx-forwarded-for: 3.3.3.3\r\n");
    EXPECT_EQ(joined_forwarded_for(fields_of(head, text)), "1.1.1.1, 2.2.2.2, 3.3.3.3");
    const auto none = test::post_with("X_Forwarded_For: 1.1.1.1\r\n");
    EXPECT_EQ(joined_forwarded_for(fields_of(head, none)), "");
}

}  // namespace
}  // namespace weir::http
