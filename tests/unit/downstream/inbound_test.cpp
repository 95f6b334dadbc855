#include "downstream/exchange/inbound.hpp"

#include <gtest/gtest.h>

#include "support/exchange_parts.hpp"

namespace weir::downstream {
namespace {

using test::Arrival;
using test::get_of;
using test::OneClient;
using test::post_to;

TEST(Inbound, KeepsWhatIsNeededOfAHeadThatIsGone) {
    OneClient one;
    std::string text = post_to("/v1/messages?a=b", "Content-Length: 5\r\nExpect: 100-continue\r\n");
    http::RequestHead head;
    ASSERT_EQ(http::parse_request(text, {}, head).status, http::ParseStatus::complete);
    const Inbound inbound(one.client, head);
    text.assign(text.size(), '#');
    EXPECT_EQ(inbound.method(), "POST");
    EXPECT_EQ(inbound.path(), "/v1/messages");
    EXPECT_EQ(inbound.head, "POST /v1/messages?a=b HTTP/1.1\r\nHost: ");
    EXPECT_TRUE(inbound.has_body() && inbound.expects_continue && inbound.keep_alive);
    EXPECT_FALSE(inbound.is_whole("1234"));
    EXPECT_TRUE(inbound.is_whole("12345"));
    EXPECT_TRUE(inbound.is_whole("12345GET"));
}

TEST(Inbound, IsNeverWholeBeforeItsChunksHaveBeenRead) {
    OneClient one;
    EXPECT_FALSE(Arrival(one, post_to("/", "Transfer-Encoding: chunked\r\n")).inbound.is_whole("0\r\n\r\n"));
    EXPECT_TRUE(Arrival(one, get_of("/", "Expect: 100-continue\r\n")).inbound.is_whole(""));
    EXPECT_FALSE(Arrival(one, get_of("/", "Expect: 100-continue\r\n")).inbound.expects_continue) << "it has no body";
}

TEST(Inbound, TakesTheClientsIdWhereItIsShortAndPlain) {
    for (const std::string& id : {std::string("aZ09-_."), std::string(64, 'a')}) {
        OneClient one;
        EXPECT_EQ(std::string_view(Arrival(one, get_of("/", "X-Request-Id: " + id + "\r\n")).inbound.id), id);
    }
    for (const std::string& id :
         {std::string("a b"), std::string("a\"b"), std::string("\xC3\xA4"), std::string(65, 'a')}) {
        OneClient one;
        const Arrival arrival(one, get_of("/", "X-Request-Id: " + id + "\r\n"));
        EXPECT_EQ(std::string_view(arrival.inbound.id).size(), 26U) << id;
    }
}

TEST(Inbound, GivesItsTextBackForTheNextRequest) {
    OneClient one;
    { const Arrival arrival(one, get_of("/")); }
    EXPECT_EQ(one.worker.texts().size(), 1U);
}

}  // namespace
}  // namespace weir::downstream
