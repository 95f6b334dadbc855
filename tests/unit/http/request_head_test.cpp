#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cctype>
#include <string>

#include "http/head.hpp"
#include "http/strict.hpp"
#include "support/heads.hpp"

namespace weir::http {
namespace {

using namespace std::string_view_literals;

// Heads that two readers could interpret differently (checklist 4, 9, 13).
class RefusedHead : public testing::TestWithParam<std::pair<std::string_view, Reason>> {};

TEST_P(RefusedHead, HasItsReason) {
    RequestHead head;
    const ParseResult result = parse_request(GetParam().first, {}, head);
    EXPECT_EQ(result.status, ParseStatus::refused);
    EXPECT_EQ(name(result.reason), name(GetParam().second));
    EXPECT_FALSE(result.detail.empty());
}

std::pair<std::string_view, Reason> malformed(std::string_view text) { return {text, Reason::bad_request}; }

INSTANTIATE_TEST_SUITE_P(
    Lines, RefusedHead,
    testing::Values(
        malformed("GET / HTTP/1.1\r\nHost : a\r\n\r\n"), malformed("GET / HTTP/1.1\r\nHost\t: a\r\n\r\n"),
        malformed("GET / HTTP/1.1\r\nHost: a\r\nX: 1\r\n 2\r\n\r\n"),
        malformed("GET / HTTP/1.1\r\nHost: a\r\nX: 1\r\n\t2\r\n\r\n"), malformed("GET / HTTP/1.1\r\n Host: a\r\n\r\n"),
        malformed("GET / HTTP/1.1\r\n\tHost: a\r\n\r\n"), malformed("GET / HTTP/1.1\r\n \r\nHost: a\r\n\r\n"),
        malformed("GET / HTTP/1.1\nHost: a\n\n"), malformed("GET / HTTP/1.1\r\nHost: a\nX: 1\r\n\r\n"),
        malformed("GET / HTTP/1.1\rHost: a\r\r"), malformed("GET / HTTP/1.1\r\nHost: a\rX: 1\r\n\r\n"),
        malformed("GET / HTTP/1.1\r\nHost: a\r\r\n\r\n"), malformed("GET / HTTP/1.1\r\nHost: a\r\nX: 1\r\n\n"),
        malformed("GET / HTTP/1.1\r\nHost: a\r\nX Y: 1\r\n\r\n"), malformed("GET / HTTP/1.1\r\nHost: a\r\nX\r\n\r\n"),
        malformed("GET / HTTP/1.1\r\nHost: a\r\n: 1\r\n\r\n"), malformed("GET / HTTP/1.1\r\nHost: a\r\nX(: 1\r\n\r\n"),
        malformed("GET / HTTP/1.1\r\nHost: a\r\n\xC3\xA4: 1\r\n\r\n"),
        malformed("GET / HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n"sv),
        malformed("GET / HTTP/1.1\r\nHost: a\r\nX\0: b\r\n\r\n"sv),
        malformed("GET / HTTP/1.1\r\nHost: a\r\nX: \x7F\r\n\r\n"),
        malformed("\r\n\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"), malformed(" GET / HTTP/1.1\r\nHost: a\r\n\r\n")));

INSTANTIATE_TEST_SUITE_P(
    RequestLine, RefusedHead,
    testing::Values(malformed("GET /\r\n\r\n"), malformed("GET / \r\nHost: a\r\n\r\n"),
                    malformed("GET\r\nHost: a\r\n\r\n"), malformed("GET  / HTTP/1.1\r\nHost: a\r\n\r\n"),
                    malformed("GET /  HTTP/1.1\r\nHost: a\r\n\r\n"), malformed("GET / HTTP/1.1 \r\nHost: a\r\n\r\n"),
                    malformed("GET /a b HTTP/1.1\r\nHost: a\r\n\r\n"), malformed("GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n"),
                    malformed("GET /a\tb HTTP/1.1\r\nHost: a\r\n\r\n"), malformed("G@T / HTTP/1.1\r\nHost: a\r\n\r\n"),
                    malformed("GET / http/1.1\r\nHost: a\r\n\r\n"), malformed("GET / HTTP/1.10\r\nHost: a\r\n\r\n"),
                    malformed("GET / HTTP/11\r\nHost: a\r\n\r\n"), malformed("GET / HTTP 1.1\r\nHost: a\r\n\r\n"),
                    malformed("GET / XTTP/1.1\r\nHost: a\r\n\r\n"),
                    std::pair("GET / HTTP/9.9\r\nHost: a\r\n\r\n"sv, Reason::version_unsupported),
                    std::pair("GET / HTTP/1.2\r\nHost: a\r\n\r\n"sv, Reason::version_unsupported),
                    std::pair("GET / HTTP/0.9\r\nHost: a\r\n\r\n"sv, Reason::version_unsupported),
                    std::pair("PRI * HTTP/2.0\r\n\r\n"sv, Reason::version_unsupported)));

INSTANTIATE_TEST_SUITE_P(
    Target, RefusedHead,
    testing::Values(
        malformed("GET * HTTP/1.1\r\nHost: a\r\n\r\n"), malformed("GET a:80 HTTP/1.1\r\nHost: a\r\n\r\n"),
        malformed("GET a/b HTTP/1.1\r\nHost: a\r\n\r\n"), malformed("CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n"),
        malformed("CONNECT / HTTP/1.1\r\nHost: a\r\n\r\n"), malformed("GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n"),
        malformed("GET /\xC3\xA4 HTTP/1.1\r\nHost: a\r\n\r\n"), malformed("GET /a\\b HTTP/1.1\r\nHost: a\r\n\r\n"),
        malformed("GET http:///a HTTP/1.1\r\nHost: a\r\n\r\n"), malformed("GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n"),
        malformed("GET http://u@a/ HTTP/1.1\r\nHost: a\r\n\r\n"), malformed("GET http:/a HTTP/1.1\r\nHost: a\r\n\r\n"),
        malformed("GET http://a?q HTTP/1.1\r\nHost: a\r\n\r\n")));

INSTANTIATE_TEST_SUITE_P(
    Host, RefusedHead,
    testing::Values(malformed("GET / HTTP/1.1\r\n\r\n"), malformed("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n"),
                    malformed("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"),
                    malformed("GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n"),
                    malformed("GET / HTTP/1.1\r\nHost:\r\n\r\n"), malformed("GET / HTTP/1.1\r\nHost: a b\r\n\r\n"),
                    malformed("GET / HTTP/1.1\r\nHost: a/b\r\n\r\n"), malformed("GET / HTTP/1.1\r\nHost: a,b\r\n\r\n"),
                    malformed("GET / HTTP/1.1\r\nHost: u@a\r\n\r\n"), malformed("GET / HTTP/1.1\r\nHost: a:b\r\n\r\n"),
                    malformed("GET / HTTP/1.1\r\nHost: a:65536\r\n\r\n"),
                    malformed("GET / HTTP/1.1\r\nHost: [::1\r\n\r\n"), malformed("GET http://a/ HTTP/1.1\r\n\r\n"),
                    malformed("GET http://a/ HTTP/1.1\r\nHost: b c\r\n\r\n")));

INSTANTIATE_TEST_SUITE_P(Connection, RefusedHead,
                         testing::Values(malformed("GET / HTTP/1.1\r\nHost: a\r\nConnection: a b\r\n\r\n"),
                                         malformed("GET / HTTP/1.1\r\nHost: a\r\nConnection: close;x\r\n\r\n"),
                                         malformed("GET / HTTP/1.1\r\nHost: a\r\nConnection: x, \"y\"\r\n\r\n"),
                                         malformed("GET / HTTP/1.1\r\nHost: a\r\nProxy-Connection: a b\r\n\r\n")));

INSTANTIATE_TEST_SUITE_P(Expectations, RefusedHead,
                         testing::Values(std::pair("GET / HTTP/1.1\r\nHost: a\r\nExpect: tea\r\n\r\n"sv,
                                                   Reason::expectation_failed),
                                         std::pair("GET / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue, tea\r\n\r\n"sv,
                                                   Reason::expectation_failed),
                                         malformed("OPTIONS * HTTP/1.1\r\nHost: a\r\nMax-Forwards: -1\r\n\r\n"),
                                         malformed("TRACE / HTTP/1.1\r\nHost: a\r\nMax-Forwards: x\r\n\r\n")));

RequestHead parse(std::string_view text) {
    RequestHead head;
    const ParseResult result = parse_request(text, {}, head);
    EXPECT_EQ(result.status, ParseStatus::complete) << text << result.detail;
    EXPECT_EQ(result.consumed, text.size());
    return head;
}

std::string upper(std::string text) {
    for (char& c : text) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    return text;
}

std::string lower(std::string text) {
    for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return text;
}

TEST(RequestHead, HasItsPartsWithoutSurroundingSpaces) {
    const auto head =
        parse("GET /a?b=c HTTP/1.1\r\nhOsT:\ta:80 \r\nX-Empty:\r\nX-Two:  a b \t\r\nX-Two: \"c\"\r\n\r\n");
    EXPECT_EQ(head.method, "GET");
    EXPECT_EQ(head.target, "/a?b=c");
    EXPECT_EQ(head.path(), "/a");
    EXPECT_EQ(head.authority, "a:80");
    EXPECT_EQ(head.minor_version, 1);
    EXPECT_EQ(test::names_and_values(head.fields),
              (test::NamesAndValues{{"hOsT", "a:80"}, {"X-Empty", ""}, {"X-Two", "a b"}, {"X-Two", "\"c\""}}));
    EXPECT_EQ(head.fields.begin()->id, FieldId::host);
}

TEST(RequestHead, AcceptsExactlyTheTokenCharactersInANames) {
    for (int value = 0; value < 256; ++value) {
        const char byte = static_cast<char>(value);
        if (byte == ':') continue;
        for (const std::string& name : {byte + std::string("X"), std::string("X") + byte, std::string(9, 'X') + byte}) {
            RequestHead head;
            const ParseStatus status = parse_request(test::post_with(name + ": 1\r\n"), {}, head).status;
            EXPECT_EQ(status == ParseStatus::complete, is_token(name)) << value;
        }
    }
}

TEST(RequestHead, IdentifiesItsFieldsByName) {
    for (const std::string name : {"Content-Length",
                                   "Expect",
                                   "Max-Forwards",
                                   "Via",
                                   "Connection",
                                   "Keep-Alive",
                                   "Proxy-Connection",
                                   "Proxy-Authenticate",
                                   "Proxy-Authorization",
                                   "Trailer",
                                   "HTTP2-Settings",
                                   "TE",
                                   "Upgrade",
                                   "X-Forwarded-For",
                                   "X-Forwarded-Host",
                                   "X-Forwarded",
                                   "Forwarded",
                                   "X-Real-IP",
                                   "X-Weir-Class",
                                   "Authorization",
                                   "X-Api-Key",
                                   "Api-Key",
                                   "Content-Type",
                                   "X-Request-Id",
                                   "Traceparent",
                                   "X-Stainless-Retry-Count",
                                   "X-Stainless-Read-Timeout",
                                   "Date",
                                   "X_Forwarded_For",
                                   "Content_Length",
                                   "Transfer_Encoding",
                                   "Accept",
                                   "X-Frame-Options",
                                   "Autoforwarded",
                                   "Y"}) {
        const std::string value = name == "Expect" ? "100-continue" : "1";
        for (const std::string& spelled : {name, upper(name), lower(name)}) {
            const auto head = parse(test::post_with(spelled + ": " + value + "\r\n"));
            EXPECT_EQ((head.fields.end() - 1)->id, identify(spelled)) << spelled;
        }
    }
    EXPECT_EQ((parse(test::post_with("Transfer-Encoding: chunked\r\n")).fields.end() - 1)->id,
              FieldId::transfer_encoding);
}

TEST(RequestHead, EndsWhereTheBodyBegins) {
    const std::string text = test::post_with("Content-Length: 3\r\n") + "abcGET /";
    RequestHead head;
    EXPECT_EQ(parse_request(text, {}, head).consumed, text.size() - 8);
}

TEST(RequestHead, IgnoresUpToTwoLeadingEmptyLines) {
    EXPECT_EQ(parse("\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n").method, "GET");
}

TEST(RequestHead, AcceptsAnyTokenAsAMethod) {
    EXPECT_EQ(parse("PURGE-it / HTTP/1.1\r\nHost: a\r\n\r\n").method, "PURGE-it");
}

TEST(RequestHead, AcceptsBytesAboveAsciiInValues) {
    EXPECT_EQ(parse("GET / HTTP/1.1\r\nHost: a\r\nX: \xC3\xA4\xFF\r\n\r\n").fields.find_single("x")->value,
              "\xC3\xA4\xFF");
}

TEST(RequestHead, LetsTheAbsoluteFormOverrideHost) {
    const auto head = parse("GET HTTP://b:81/x?y HTTP/1.1\r\nHost: a\r\n\r\n");
    EXPECT_EQ(head.authority, "b:81");
    EXPECT_EQ(head.target, "/x?y");
    EXPECT_EQ(parse("GET https://b HTTP/1.1\r\nHost: a\r\n\r\n").target, "/");
}

TEST(RequestHead, AcceptsAnAsteriskAsTheTargetOfOptions) {
    EXPECT_EQ(parse("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n").target, "*");
}

TEST(RequestHead, AcceptsEveryFormOfHost) {
    for (const auto host : {"a"sv, "a.b"sv, "a_b"sv, "127.0.0.1:80"sv, "[::1]"sv, "[::1]:8080"sv, "a:0"sv}) {
        EXPECT_EQ(parse(test::head_of({"GET / HTTP/1.1", std::string("Host: ").append(host)})).authority, host);
    }
}

TEST(RequestHead, NeedsNoHostInHttp10) { EXPECT_EQ(parse("GET / HTTP/1.0\r\n\r\n").authority, ""); }

TEST(RequestHead, PersistsAccordingToVersionAndConnection) {
    EXPECT_TRUE(parse("GET / HTTP/1.1\r\nHost: a\r\n\r\n").keep_alive);
    EXPECT_FALSE(parse("GET / HTTP/1.0\r\nHost: a\r\n\r\n").keep_alive);
    EXPECT_TRUE(parse("GET / HTTP/1.0\r\nHost: a\r\nConnection: Keep-Alive\r\n\r\n").keep_alive);
    EXPECT_FALSE(parse("GET / HTTP/1.1\r\nHost: a\r\nConnection: x, CLOSE\r\n\r\n").keep_alive);
    EXPECT_FALSE(parse("GET / HTTP/1.1\r\nHost: a\r\nConnection: keep-alive\r\nConnection: close\r\n\r\n").keep_alive);
}

TEST(RequestHead, WantsAnUpgradeOnlyWhenConnectionNamesIt) {
    EXPECT_TRUE(parse("GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n").wants_upgrade);
    EXPECT_FALSE(parse("GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n\r\n").wants_upgrade);
    EXPECT_FALSE(parse("GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\n\r\n").wants_upgrade);
}

TEST(RequestHead, ExpectsContinueFromHttp11Only) {
    EXPECT_TRUE(parse("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-Continue\r\n\r\n").expect_continue);
    EXPECT_FALSE(parse("POST / HTTP/1.0\r\nHost: a\r\nExpect: 100-continue\r\n\r\n").expect_continue);
}

TEST(RequestHead, ReadsMaxForwardsOfOptionsAndTraceOnly) {
    EXPECT_EQ(parse("OPTIONS * HTTP/1.1\r\nHost: a\r\nMax-Forwards: 0\r\n\r\n").max_forwards, 0);
    EXPECT_EQ(parse("TRACE / HTTP/1.1\r\nHost: a\r\nMax-Forwards: 7\r\n\r\n").max_forwards, 7);
    EXPECT_EQ(parse("GET / HTTP/1.1\r\nHost: a\r\nMax-Forwards: x\r\n\r\n").max_forwards, -1);
}

TEST(ParseRequest, RefusesAConnectionFieldWithTooManyMembers) {
    const auto parse = [](const std::string& fields) {
        RequestHead head;
        return parse_request(test::post_with(fields), {}, head);
    };
    const auto members = [](int count) {
        std::string text = "Connection: a";
        for (int i = 1; i < count; ++i) text += ",a";
        return text + "\r\n";
    };
    EXPECT_EQ(parse(members(32)).status, ParseStatus::complete);
    EXPECT_EQ(parse(members(33)).status, ParseStatus::refused);
    EXPECT_EQ(parse(members(20) + members(20)).status, ParseStatus::refused);
    EXPECT_EQ(parse("Connection: x" + std::string(1000, ',') + "\r\n").status, ParseStatus::complete);
    const ParseResult long_one = parse("Connection: x" + std::string(1024, ',') + "\r\n");
    EXPECT_EQ(long_one.status, ParseStatus::refused);
    EXPECT_EQ(long_one.reason, Reason::bad_request);
    EXPECT_EQ(parse("Connection: " + std::string(1025, 'x') + "\r\n").status, ParseStatus::refused);
}

}  // namespace
}  // namespace weir::http
