// What is refused by its head alone.

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

// The reason, and behind it what is wrong with this very request; empty: it passes.
std::string screened(OneClient& one, const std::string& head) {
    const Arrival arrival(one, head);
    const Passed no = screen(one.client, arrival.inbound, arrival.caller, *arrival.head);
    if (!no) return {};
    std::string words(name(no->reason));
    if (!no->detail.empty()) words.append(": ").append(no->detail);
    return words;
}

struct Row {
    std::string head;
    std::string_view refusal;
};

const std::string kUpgrade =
    "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

TEST(Screen, RefusesWhatNoBodyCouldMakeGood) {
    RoutingParts parts;
    parts.listener.limits.body_bytes = 100;
    parts.backend.websocket.emplace();
    OneClient one(parts);
    one.state.pseudonym = "weir-1";
    for (const Row& row : {
             Row{get_of("/"), ""},
             {post_to("/v1/messages", test::json_fields(100)), ""},
             {post_to("/v1/messages", test::json_fields(101)), "body_too_large"},
             {post_to("/v1/messages", "Transfer-Encoding: chunked\r\n"), ""},
             {get_of("/", "Via: 1.1 other, 1.1 weir-1\r\n"), "loop_detected"},
             {get_of("/", "Via: 1.1 weir-2\r\n"), ""},
             {"TRACE / HTTP/1.1\r\nHost: a\r\n\r\n", "method_not_allowed"},
             {"OPTIONS / HTTP/1.1\r\nHost: a\r\nMax-Forwards: 0\r\n\r\n", "max_forwards"},
             {"OPTIONS / HTTP/1.1\r\nHost: a\r\nMax-Forwards: 1\r\n\r\n", ""},
             {get_of("/v1/realtime", kUpgrade + "Sec-WebSocket-Version: 13\r\n"), ""},
             {get_of("/v1/realtime", kUpgrade + "Sec-WebSocket-Version: 12\r\n"),
              "bad_request: the WebSocket handshake is malformed"},
         }) {
        EXPECT_EQ(screened(one, row.head), row.refusal) << row.head;
    }
}

constexpr std::string_view kSpelling =
    "bad_request: the path is that of a known call in a spelling that not all servers read so";

TEST(Screen, RefusesAKnownCallInASpellingThatServersReadDifferently) {
    OneClient one;
    for (const Row& row : {
             Row{post_to("/v1/Messages", test::json_fields(2)), kSpelling},
             {post_to("/v1/messages;a=b", test::json_fields(2)), kSpelling},
             {get_of("/v1/videos;a=b"), kSpelling},
             {get_of("/v1/realtime;a=b"), kSpelling},
             {post_to("/v1/messages/", test::json_fields(2)), ""},
             {get_of("/Pictures/Cat;size=2"), ""},
         }) {
        EXPECT_EQ(screened(one, row.head), row.refusal) << row.head;
    }
}

TEST(Screen, LeavesPathsAloneThatArePassedOnAsTheyAre) {
    RoutingParts parts;
    parts.listener.paths = PathForm::raw;
    OneClient one(parts);
    EXPECT_EQ(screened(one, post_to("/v1/Messages", test::json_fields(2))), "");
}

TEST(Screen, LetsTraceThroughWhereThePolicySaysSo) {
    RoutingParts parts;
    parts.listener.trace = true;
    OneClient one(parts);
    EXPECT_EQ(screened(one, "TRACE / HTTP/1.1\r\nHost: a\r\n\r\n"), "");
}

TEST(Screen, RefusesWhatIsWrongWithTheBodysFieldsOnKnownApisOnly) {
    const std::string two = "Content-Type: application/json\r\nContent-Type: text/json\r\nContent-Length: 2\r\n";
    RoutingParts parts;
    OneClient known(parts);
    EXPECT_EQ(screened(known, post_to("/other", two)), "bad_request: there are two Content-Types");
    parts.backend.dialect = Dialect::generic;
    OneClient generic(parts);
    EXPECT_EQ(screened(generic, post_to("/other", two)), "");
    EXPECT_EQ(screened(known, post_to("/v1/messages", "Content-Encoding: lzma\r\nContent-Length: 2\r\n")),
              "unsupported_coding");
}

TEST(Screen, RefusesWhatNoClassMatches) {
    RoutingParts parts;
    parts.classes[0].config.match.methods = {"DELETE"};
    OneClient one(parts);
    EXPECT_EQ(screened(one, get_of("/")), "internal_error: no traffic class matches");
}

}  // namespace
}  // namespace weir::downstream
