#include <gtest/gtest.h>

#include "http/head.hpp"
#include "support/heads.hpp"

namespace weir::http {
namespace {

using namespace std::string_view_literals;

// Fields that give a body more than one length, or one that cannot be trusted (checklist 1, 2, 3, 5).
class RefusedFraming : public testing::TestWithParam<std::pair<std::string_view, Reason>> {};

TEST_P(RefusedFraming, HasItsReason) {
    RequestHead head;
    const std::string text = test::post_with(GetParam().first);
    const ParseResult result = parse_request(text, {}, head);
    EXPECT_EQ(result.status, ParseStatus::refused);
    EXPECT_EQ(name(result.reason), name(GetParam().second));
    EXPECT_FALSE(result.detail.empty());
}

INSTANTIATE_TEST_SUITE_P(
    Request, RefusedFraming,
    testing::Values(std::pair("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", Reason::bad_request),
                    std::pair("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", Reason::bad_request),
                    std::pair("Transfer-Encoding: gzip\r\nContent-Length: 5\r\n", Reason::bad_request),
                    std::pair("Content-Length: 5\r\nContent-Length: 6\r\n", Reason::bad_request),
                    std::pair("Content-Length: 5, 6\r\n", Reason::bad_request),
                    std::pair("Content-Length: 5, 5\r\n", Reason::bad_request),
                    std::pair("Content-Length: +5\r\n", Reason::bad_request),
                    std::pair("Content-Length: -1\r\n", Reason::bad_request),
                    std::pair("Content-Length:\r\n", Reason::bad_request),
                    std::pair("Content-Length: \r\n", Reason::bad_request),
                    std::pair("Content-Length: 5abc\r\n", Reason::bad_request),
                    std::pair("Content-Length: 0x5\r\n", Reason::bad_request),
                    std::pair("Content-Length: 5 5\r\n", Reason::bad_request),
                    std::pair("Content-Length: 18446744073709551616\r\n", Reason::bad_request),
                    std::pair("Content-Length: 18446744073709551621\r\n", Reason::bad_request)));

INSTANTIATE_TEST_SUITE_P(
    Encoding, RefusedFraming,
    testing::Values(std::pair("Transfer-Encoding: xchunked\r\n", Reason::not_implemented),
                    std::pair("Transfer-Encoding: chunked, gzip\r\n", Reason::not_implemented),
                    std::pair("Transfer-Encoding: gzip, chunked\r\n", Reason::not_implemented),
                    std::pair("Transfer-Encoding: ,chunked\r\n", Reason::not_implemented),
                    std::pair("Transfer-Encoding: chunked, chunked\r\n", Reason::not_implemented),
                    std::pair("Transfer-Encoding: \"chunked\"\r\n", Reason::not_implemented),
                    std::pair("Transfer-Encoding: chunked;q=1\r\n", Reason::not_implemented),
                    std::pair("Transfer-Encoding: identity\r\n", Reason::not_implemented),
                    std::pair("Transfer-Encoding: gzip\r\n", Reason::not_implemented),
                    std::pair("Transfer-Encoding:\r\n", Reason::not_implemented),
                    std::pair("Transfer-Encoding: \xA0"
                              "chunked\r\n",
                              Reason::not_implemented),
                    std::pair("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", Reason::bad_request),
                    std::pair("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", Reason::bad_request),
                    std::pair("Transfer-Encoding: gzip, chunked\r\nTransfer-Encoding: x\r\n", Reason::bad_request),
                    std::pair("Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n", Reason::not_implemented),
                    std::pair("Transfer-Encoding: chunked, gzip\r\nTransfer-Encoding: x\r\n",
                              Reason::not_implemented)));

TEST(RequestFraming, RefusesAnEncodingInHttp10) {
    RequestHead head;
    const auto text = test::head_of({"POST / HTTP/1.0", "Host: a", "Transfer-Encoding: chunked"});
    EXPECT_EQ(parse_request(text, {}, head).status, ParseStatus::refused);
}

TEST(RequestFraming, ReadsOneLength) {
    for (const auto fields :
         {"Content-Length: 5\r\n"sv, "Content-Length:5\r\n"sv, "Content-Length: 5\t\r\n"sv,
          "Content-Length:  5  \r\n"sv, "CONTENT-LENGTH: 005\r\n"sv, "Content-Length: 5\r\nContent-Length: 5\r\n"sv}) {
        RequestHead head;
        const std::string text = test::post_with(fields);
        ASSERT_EQ(parse_request(text, {}, head).status, ParseStatus::complete) << fields;
        EXPECT_EQ(head.framing, Framing::length);
        EXPECT_EQ(head.content_length, 5U);
    }
}

TEST(RequestFraming, ReadsTheLargestLength) {
    RequestHead head;
    const auto text = test::post_with("Content-Length: 18446744073709551614\r\n");
    ASSERT_EQ(parse_request(text, {}, head).status, ParseStatus::complete);
    EXPECT_EQ(head.content_length, 18446744073709551614U);
}

TEST(RequestFraming, ReadsChunkedInAnyCase) {
    for (const auto fields : {"Transfer-Encoding: chunked\r\n"sv, "transfer-encoding:CHUNKED \r\n"sv}) {
        RequestHead head;
        const std::string text = test::post_with(fields);
        ASSERT_EQ(parse_request(text, {}, head).status, ParseStatus::complete) << fields;
        EXPECT_EQ(head.framing, Framing::chunked);
    }
}

TEST(RequestFraming, HasNoBodyWithoutALengthWhateverTheMethod) {
    for (const auto line : {"GET / HTTP/1.1"sv, "POST / HTTP/1.1"sv, "POST / HTTP/1.0"sv}) {
        RequestHead head;
        const std::string text = test::head_of({line, "Host: a"});
        ASSERT_EQ(parse_request(text, {}, head).status, ParseStatus::complete) << line;
        EXPECT_EQ(head.framing, Framing::none);
    }
}

TEST(RequestFraming, AllowsABodyWithGet) {
    RequestHead head;
    const auto text = test::head_of({"GET / HTTP/1.1", "Host: a", "Content-Length: 3"});
    ASSERT_EQ(parse_request(text, {}, head).status, ParseStatus::complete);
    EXPECT_EQ(head.framing, Framing::length);
}

TEST(RequestFraming, AReusedHeadKeepsNothingOfThePreviousRequest) {
    RequestHead head;
    const auto first = test::post_with("Content-Length: 7\r\nExpect: 100-continue\r\nConnection: close\r\n");
    ASSERT_EQ(parse_request(first, {}, head).status, ParseStatus::complete);
    const auto second = test::head_of({"GET / HTTP/1.1", "Host: b"});
    ASSERT_EQ(parse_request(second, {}, head).status, ParseStatus::complete);
    EXPECT_EQ(head.framing, Framing::none);
    EXPECT_EQ(head.content_length, 0U);
    EXPECT_FALSE(head.expect_continue);
    EXPECT_TRUE(head.keep_alive);
    EXPECT_EQ(head.authority, "b");
    EXPECT_EQ(head.fields.size(), 1U);
}

}  // namespace
}  // namespace weir::http
