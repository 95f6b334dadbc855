#include <gtest/gtest.h>

#include "http/head.hpp"
#include "support/heads.hpp"

namespace weir::http {
namespace {

using namespace std::string_view_literals;

ResponseHead parse(std::string_view text, bool to_head = false) {
    ResponseHead head;
    const ParseResult result = parse_response(text, {}, to_head, head);
    EXPECT_EQ(result.status, ParseStatus::complete) << text << result.detail;
    return head;
}

// Checklist 18: answers that two readers could interpret differently.
class RefusedResponse : public testing::TestWithParam<std::string_view> {};

TEST_P(RefusedResponse, NamesTheFault) {
    ResponseHead head;
    const ParseResult result = parse_response(GetParam(), {}, false, head);
    EXPECT_EQ(result.status, ParseStatus::refused);
    EXPECT_FALSE(result.detail.empty());
}

INSTANTIATE_TEST_SUITE_P(
    Response, RefusedResponse,
    testing::Values("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"sv,
                    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n"sv,
                    "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n"sv,
                    "HTTP/1.1 200 OK\r\nContent-Length: 5, 6\r\n\r\n"sv,
                    "HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n"sv, "HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\n"sv,
                    "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n"sv,
                    "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n"sv,
                    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n"sv,
                    "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"sv));

INSTANTIATE_TEST_SUITE_P(Lines, RefusedResponse,
                         testing::Values("HTTP/1.1 200 OK\r\nX: a\0b\r\n\r\n"sv,
                                         "HTTP/1.1 200 OK\r\nX: a\rY: b\r\n\r\n"sv, "HTTP/1.1 200 OK\nX: a\n\n"sv,
                                         "HTTP/1.1 200 OK\r\nX: a\r\n b\r\n\r\n"sv,
                                         "HTTP/1.1 200 OK\r\nX : a\r\n\r\n"sv, "HTTP/1.1 200 OK\r\nX\r\n\r\n"sv,
                                         "HTTP/1.1 200 O\x01K\r\n\r\n"sv));

INSTANTIATE_TEST_SUITE_P(StatusLine, RefusedResponse,
                         testing::Values("HTTP/1.1 20 OK\r\n\r\n"sv, "HTTP/1.1 2000 OK\r\n\r\n"sv,
                                         "HTTP/1.1 099 OK\r\n\r\n"sv, "HTTP/1.1 600 OK\r\n\r\n"sv,
                                         "HTTP/1.1 2x0 OK\r\n\r\n"sv, "HTTP/1.1  200 OK\r\n\r\n"sv,
                                         "HTTP/2.0 200 OK\r\n\r\n"sv, "HTTP/0.9 200 OK\r\n\r\n"sv,
                                         "HTTP/2 200 OK\r\n\r\n"sv, "ICY 200 OK\r\n\r\n"sv, "200 OK\r\n\r\n"sv,
                                         "SSH-2.0-x\r\n\r\n"sv, "\r\n\r\n"sv));

TEST(ResponseHead, HasItsParts) {
    const auto head = parse("HTTP/1.1 429 Too Many Requests\r\nContent-Length: 12\r\nX: 1\r\n\r\n");
    EXPECT_EQ(head.status, 429);
    EXPECT_EQ(head.reason, "Too Many Requests");
    EXPECT_EQ(head.framing, Framing::length);
    EXPECT_EQ(head.content_length, 12U);
    EXPECT_TRUE(head.keep_alive);
    EXPECT_EQ(head.fields.find_single("x")->value, "1");
}

TEST(ResponseHead, NeedsNoReasonPhrase) { EXPECT_EQ(parse("HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n").reason, ""); }

TEST(ResponseHead, ClosesTheConnectionWhereTheBodyHasNoOtherEnd) {
    const auto head = parse("HTTP/1.1 200 OK\r\n\r\n");
    EXPECT_EQ(head.framing, Framing::until_close);
    EXPECT_FALSE(head.keep_alive);
}

TEST(ResponseHead, HasNoBodyForSomeStatusesAndForHead) {
    for (const auto line : {"HTTP/1.1 204 No Content"sv, "HTTP/1.1 304 Not Modified"sv, "HTTP/1.1 100 Continue"sv,
                            "HTTP/1.1 103 Early Hints"sv}) {
        for (const auto field : {"Content-Length: 5"sv, "Transfer-Encoding: chunked"sv, "X: 1"sv}) {
            const auto head = parse(test::head_of({line, field}));
            EXPECT_EQ(head.framing, Framing::none) << line << field;
            EXPECT_TRUE(head.keep_alive) << line << field;
        }
    }
    const auto to_head = parse("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", true);
    EXPECT_EQ(to_head.framing, Framing::none);
    EXPECT_EQ(to_head.content_length, 5U);
    EXPECT_TRUE(parse("HTTP/1.1 200 OK\r\n\r\n", true).keep_alive);
}

TEST(ResponseHead, PersistsAccordingToVersionAndConnection) {
    EXPECT_FALSE(parse("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nConnection: close\r\n\r\n").keep_alive);
    EXPECT_FALSE(parse("HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\n").keep_alive);
    EXPECT_TRUE(parse("HTTP/1.0 200 OK\r\nContent-Length: 1\r\nConnection: keep-alive\r\n\r\n").keep_alive);
    EXPECT_FALSE(parse("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: keep-alive\r\n\r\n").keep_alive);
}

// RFC 9110 section 8.3.1: media types are case-insensitive.
TEST(ResponseHead, RecognisesAnEventStream) {
    EXPECT_TRUE(parse("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\n\r\n").event_stream);
    EXPECT_TRUE(parse("HTTP/1.1 200 OK\r\nContent-Type: Text/Event-Stream\r\n\r\n").event_stream);
    EXPECT_FALSE(parse("HTTP/1.1 200 OK\r\nContent-Type: text/event-streams\r\n\r\n").event_stream);
    EXPECT_FALSE(parse("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n").event_stream);
    EXPECT_FALSE(parse("HTTP/1.1 200 OK\r\n\r\n").event_stream);
}

TEST(ResponseHead, DoesNotConsumeWhatFollowsAnInterimAnswer) {
    const std::string_view first = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n";
    const std::string text = std::string(first) + "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    ResponseHead head;
    EXPECT_EQ(parse_response(text, {}, false, head).consumed, first.size());
    EXPECT_EQ(head.status, 103);
}

}  // namespace
}  // namespace weir::http
