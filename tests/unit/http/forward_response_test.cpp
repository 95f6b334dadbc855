#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "http/forward.hpp"
#include "support/heads.hpp"

namespace weir::http {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr ResponseExtras kExtras{.request_id = "ours", .pseudonym = "weir-1"};

std::string forward(const std::string& text, const ResponseExtras& extras = kExtras) {
    ResponseHead head;
    const ParseResult result =
        parse_response(text, {}, extras.head_only && text.find(" 304 ") == std::string::npos, head);
    EXPECT_EQ(result.status, ParseStatus::complete) << result.detail;
    std::string out;
    write_response_head(head, extras, {head.framing, head.content_length}, out);
    return out;
}

TEST(ForwardResponse, WritesTheHeadAnew) {
    EXPECT_EQ(forward("HTTP/1.0 418 I'm a teapot\r\ndate: x\r\nContent-Length: 5\r\n\r\n"),
              test::head_of({"HTTP/1.1 418 I'm a teapot", "date: x", "X-Request-Id: ours", "Via: 1.0 weir-1",
                             "Content-Length: 5"}));
}

TEST(ForwardResponse, DropsHopByHopFields) {
    const std::string out =
        forward(test::answer_with("Content-Length: 1\r\nConnection: X-A, keep-alive\r\nX-A: 1\r\nKeep-Alive: "
                                  "5\r\nUpgrade: h2c\r\nProxy-Authenticate: x\r\n"
                                  "Trailer: x\r\nX-B: 2\r\n"));
    for (const auto* name : {"Connection", "X-A", "Keep-Alive", "Upgrade", "Proxy-Authenticate", "Trailer"}) {
        EXPECT_THAT(out, Not(HasSubstr(name)));
    }
    EXPECT_THAT(out, HasSubstr("X-B: 2\r\n"));
}

TEST(ForwardResponse, DropsWeirsOwnFieldsFromABackend) {
    const std::string out =
        forward(test::answer_with("Content-Length: 0\r\nX-Weir-Decision: admitted\r\nX-Request-Id: theirs\r\n"));
    EXPECT_THAT(out, Not(HasSubstr("X-Weir")));
    EXPECT_THAT(out, Not(HasSubstr("theirs")));
}

TEST(ForwardResponse, ReplacesTheBackendsRateFields) {
    const std::string text = test::answer_with(
        "X-RateLimit-Limit-Tokens: 7\r\nanthropic-ratelimit-tokens-limit: 7\r\n"
        "x-ratelimiter: 7\r\nContent-Length: 0\r\n");
    EXPECT_THAT(forward(text), HasSubstr("X-RateLimit-Limit-Tokens: 7\r\n"));
    ResponseExtras extras = kExtras;
    extras.rate_fields = "x-ratelimit-limit-tokens: 9\r\n";
    const std::string out = forward(text, extras);
    EXPECT_THAT(out, HasSubstr("x-ratelimit-limit-tokens: 9\r\n"));
    EXPECT_THAT(out, HasSubstr("x-ratelimiter: 7\r\n"));
    EXPECT_THAT(out, Not(HasSubstr("tokens: 7")));
    EXPECT_THAT(out, Not(HasSubstr("tokens-limit: 7")));
}

TEST(ForwardResponse, KeepsCookiesSeparateAndInOrder) {
    EXPECT_THAT(forward(test::answer_with("Set-Cookie: a\r\nSet-Cookie: b\r\nContent-Length: 0\r\n")),
                HasSubstr("Set-Cookie: a\r\nSet-Cookie: b\r\n"));
}

TEST(ForwardResponse, KeepsTheLengthInAnAnswerToHead) {
    ResponseExtras extras = kExtras;
    extras.head_only = true;
    EXPECT_THAT(forward(test::answer_with("Content-Length: 5\r\n"), extras), HasSubstr("Content-Length: 5\r\n"));
    EXPECT_THAT(forward("HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", extras),
                HasSubstr("Content-Length: 5\r\n"));
}

TEST(ForwardResponse, WritesARepeatedLengthOnce) {
    ResponseExtras extras = kExtras;
    extras.head_only = true;
    const std::string out = forward(test::answer_with("Content-Length: 5\r\nX: 1\r\nContent-Length: 5\r\n"), extras);
    EXPECT_EQ(out.find("Content-Length"), out.rfind("Content-Length"));
    EXPECT_THAT(out, HasSubstr("Content-Length: 5\r\n"));
}

TEST(ForwardResponse, WritesNoLengthForAnAnswerWithoutABody) {
    const std::string out = forward("HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n");
    EXPECT_THAT(out, Not(HasSubstr("Content-Length")));
}

TEST(ForwardResponse, StatesWhetherTheConnectionStaysOpen) {
    ResponseExtras extras = kExtras;
    extras.close = true;
    EXPECT_THAT(forward(test::answer_with("Content-Length: 0\r\n"), extras), HasSubstr("Connection: close\r\n"));
    extras.close = false;
    extras.minor_version = 0;
    EXPECT_THAT(forward(test::answer_with("Content-Length: 0\r\n"), extras), HasSubstr("Connection: keep-alive\r\n"));
}

TEST(ForwardInterim, KeepsItsFieldsButNoHopByHopFields) {
    ResponseHead head;
    const std::string text =
        "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\nConnection: X-A\r\nX-A: 1\r\nContent-Length: 3\r\n\r\n";
    ASSERT_EQ(parse_response(text, {}, false, head).status, ParseStatus::complete);
    std::string out;
    write_interim_head(head, out);
    EXPECT_EQ(out, "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n");
}

}  // namespace
}  // namespace weir::http
