#include "downstream/exchange/refusal_reply.hpp"

#include <gtest/gtest.h>

#include "support/refused_request.hpp"

namespace weir::downstream {
namespace {

using test::Arrival;
using test::get_of;
using test::OneClient;
using Refused = test::RefusedRequest;
using test::post_to;
using test::RoutingParts;
using namespace std::chrono_literals;

TEST(Refuse, SendsTheReasonInTheDialectOfTheCall) {
    OneClient one;
    const Refused openai(one, get_of("/v1/models"), {.reason = Reason::queue_full, .gate = "line", .limit = 1});
    EXPECT_EQ(openai.answer.status, 503);
    EXPECT_EQ(openai.field("x-weir-decision"), "queue_full");
    EXPECT_EQ(openai.field("x-weir-class"), "class-0");
    EXPECT_EQ(openai.record().status, 503);
    EXPECT_EQ(openai.record().gate, "line");
    EXPECT_EQ(openai.arrival.outcome.reason, Reason::queue_full);
    const Refused anthropic(one, post_to("/v1/messages"), {.reason = Reason::queue_full});
    EXPECT_EQ(anthropic.answer.status, 529);
}

TEST(Refuse, SendsNothingToAClientThatHasLeft) {
    OneClient one;
    const Refused gone(one, get_of("/"), {.reason = Reason::client_gone});
    EXPECT_EQ(gone.answer.status, 0);
    EXPECT_EQ(gone.record().status, 499);
    EXPECT_LT(one.client.source().fd(), 0) << "the connection is dropped";
    EXPECT_FALSE(gone.arrival.outcome.keep_open);
}

struct Advised {
    Reason reason;
    Duration retry_after;
    int least;  // ms; 0: no advice
    int most;
};

// Spread by half either way for overload; for a contract only later, as sooner it would be refused again.
TEST(Refuse, SaysWhenComingBackIsWorthIt) {
    for (const Advised& row : {
             Advised{Reason::queue_full, 0s, 2'500, 7'500},  // the class's own: 5 s
             {Reason::queue_full, 10s, 5'000, 15'000},
             {Reason::client_rate, 10s, 10'000, 15'000},
             {Reason::memory_pressure, 0s, 2'500, 7'500},
             {Reason::idempotency_key_in_use, 0s, 500, 1'500},
             {Reason::bad_request, 0s, 0, 0},
             {Reason::backend_reset, 0s, 0, 0},
         }) {
        OneClient one;
        const Refused refused(one, get_of("/"), {.reason = row.reason, .retry_after = row.retry_after});
        const std::string ms = refused.field("retry-after-ms");
        EXPECT_EQ(ms == "none", row.most == 0) << name(row.reason);
        if (ms == "none") continue;
        EXPECT_GE(std::stoi(ms), row.least) << name(row.reason);
        EXPECT_LE(std::stoi(ms), row.most) << name(row.reason);
    }
}

TEST(Refuse, SaysThatComingBackIsHopelessWhereThePolicyHasItSo) {
    RoutingParts parts;
    parts.classes[0].config.refusal.tell_no_retry = true;
    OneClient one(parts);
    EXPECT_EQ(Refused(one, get_of("/"), {.reason = Reason::queue_full}).field("x-should-retry"), "false");
}

TEST(Refuse, MakesTheWorkerWaryOnlyOfWhatTheJudgeRefuses) {
    OneClient one;
    { const Refused bad(one, get_of("/"), {.reason = Reason::bad_request}); }
    EXPECT_FALSE(one.worker.is_wary());
    { const Refused shed(one, get_of("/"), {.reason = Reason::queue_full}); }
    EXPECT_TRUE(one.worker.is_wary());
}

TEST(Refuse, AnswersHeadWithoutABody) {
    OneClient one;
    const Refused refused(one, "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n", {.reason = Reason::queue_full});
    EXPECT_EQ(refused.answer.status, 503);
    EXPECT_NE(refused.field("content-length"), "0");
    EXPECT_TRUE(refused.is_only_head());
}

TEST(Refuse, GivesTheMemoryOfTheBodyBackBeforeTheAnswerIsSent) {
    OneClient one;
    Arrival arrival(one, post_to("/v1/messages", test::json_fields(2'000)));
    Upload upload(one.client, arrival.inbound, arrival.outcome);
    const std::string body = "{" + std::string(1'998, ' ') + "}";
    std::string_view bytes = body;
    ai::RequestFacts facts;
    ASSERT_FALSE(upload.take(arrival.caller, bytes, facts));
    EXPECT_GT(one.state.buffered_bytes, 0);
    one.client.source().ready.writable = false;  // the client does not read
    const Refusal why{.reason = Reason::queue_full};
    net::task<void> task = refuse(one.client, arrival.inbound, arrival.caller, upload, why, arrival.outcome);
    task.start();
    EXPECT_FALSE(task.done());
    EXPECT_EQ(one.state.buffered_bytes, 0);
}

}  // namespace
}  // namespace weir::downstream
