// Whether a connection goes on after a refusal.

#include <gtest/gtest.h>
#include <sys/socket.h>

#include "support/refused_request.hpp"

namespace weir::downstream {
namespace {

using test::get_of;
using test::OneClient;
using test::post_to;
using Refused = test::RefusedRequest;

struct Ending {
    std::string head;
    std::string body;  // that has come
    Reason reason;
    bool keeps;
};

TEST(Refuse, KeepsTheConnectionWhereTheNextRequestCanBeFound) {
    constexpr auto full = Reason::queue_full;
    for (const Ending& row : {
             Ending{get_of("/"), "", full, true},
             {get_of("/", "Connection: close\r\n"), "", full, false},
             {"GET / HTTP/1.0\r\nHost: a\r\n\r\n", "", full, false},
             {post_to("/", "Content-Length: 5\r\n"), "Hello", full, true},
             {post_to("/", "Content-Length: 65536\r\n"), std::string(65'536, 'x'), full, true},
             {post_to("/", "Content-Length: 65537\r\n"), std::string(65'537, 'x'), full, false},
             {post_to("/", "Transfer-Encoding: chunked\r\n"), "0\r\n\r\n", full, false},
             // Whether its body follows is not known: it may wait to be asked for it, or not.
             {post_to("/", "Content-Length: 5\r\nExpect: 100-continue\r\n"), "Hello", full, false},
             {get_of("/"), "", Reason::request_timeout, false},
         }) {
        OneClient one;
        const Refused refused(one, row.head, {.reason = row.reason}, row.body + "GET");
        EXPECT_EQ(refused.arrival.outcome.keep_open, row.keeps) << row.head;
        EXPECT_EQ(refused.field("connection"), row.keeps ? "none" : "close") << row.head;
        if (row.keeps) {
            EXPECT_EQ(one.client.inbox, "GET") << "the body is passed over, and nothing else";
        }
    }
}

TEST(Refuse, GivesTheConnectionUpWhereTheRestOfABodyDoesNotCome) {
    OneClient one;
    ::shutdown(one.far.get(), SHUT_WR);
    one.client.source().ready.readable = true;
    const Refused refused(one, post_to("/", "Content-Length: 5\r\n"), {.reason = Reason::queue_full}, "Hel");
    EXPECT_EQ(refused.answer.status, 503);
    EXPECT_FALSE(refused.arrival.outcome.keep_open);
}

TEST(Refuse, ClosesWhileTheProcessIsDraining) {
    OneClient one;
    one.state.draining = true;
    EXPECT_EQ(Refused(one, get_of("/"), {.reason = Reason::queue_full}).field("connection"), "close");
}

}  // namespace
}  // namespace weir::downstream
