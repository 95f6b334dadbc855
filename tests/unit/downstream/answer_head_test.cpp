// The head of an answer as its client gets it.

#include <gtest/gtest.h>

#include "downstream/exchange/answer.hpp"
#include "support/prepared_prompt.hpp"

namespace weir::downstream {
namespace {

using test::OneClient;
using test::PreparedPrompt;
using test::RoutingParts;
using Head = PreparedPrompt::Head;

const std::string kAsked = "X-Request-Id: id-1\r\n" + test::json_fields(2);
constexpr std::string_view kAnswer =
    "HTTP/1.1 200 Fine\r\nContent-Type: text/plain\r\nConnection: x-hop\r\nX-Hop: 1\r\nContent-Length: 2\r\n\r\n";

// What is written for such an answer of a backend.
std::string written(OneClient& one, const std::string& request, bool close = false, std::string_view degraded = {}) {
    one.state.pseudonym = "weir-1";
    PreparedPrompt prepared(one, Head{request}, "{}");
    prepared.arrival.outcome.degraded = degraded;
    http::ResponseHead head;
    EXPECT_EQ(http::parse_response(kAnswer, {}, false, head).status, http::ParseStatus::complete);
    return write_answer_head(one.client, prepared.arrival.inbound, prepared.arrival.caller, prepared.prompt,
                             prepared.arrival.outcome, head, {http::Framing::length, 2}, close);
}

bool has(const std::string& head, std::string_view line) {
    return head.find("\r\n" + std::string(line) + "\r\n") != std::string::npos;
}

TEST(AnswerHead, IsWrittenAnew) {
    OneClient one;
    EXPECT_EQ(written(one, test::post_to("/other", kAsked)),
              "HTTP/1.1 200 Fine\r\nContent-Type: text/plain\r\nX-Request-Id: id-1\r\nVia: 1.1 weir-1\r\n"
              "Content-Length: 2\r\n\r\n");
}

TEST(AnswerHead, SaysThatTheConnectionEnds) {
    OneClient one;
    EXPECT_TRUE(has(written(one, test::post_to("/other", kAsked), true), "Connection: close"));
}

TEST(AnswerHead, SaysWhatWasDoneToGetACheaperAnswer) {
    OneClient one;
    const std::string head = written(one, test::post_to("/other", kAsked), false, "shorter,fewer");
    EXPECT_TRUE(has(head, "X-Weir-Degraded: shorter,fewer")) << head;
}

TEST(AnswerHead, SaysAsWhichTierItWasServed) {
    RoutingParts parts;
    parts.classes[0].config.service_tier = "flex";
    OneClient one(parts);
    const std::string head = written(one, test::post_to("/v1/chat/completions", kAsked));
    EXPECT_TRUE(has(head, "X-Weir-Service-Tier: flex")) << head;
}

TEST(AnswerHead, LetsAPageReadIt) {
    RoutingParts parts;
    parts.listener.cors = CorsConfig{.origins = {"*"}};
    OneClient one(parts);
    EXPECT_TRUE(has(written(one, test::post_to("/other", kAsked)), "Access-Control-Allow-Origin: *"));
}

// A class with 10 requests an hour and 100 tokens.
RoutingParts with_rates() {
    RoutingParts parts;
    parts.classes[0].config.limits.requests = admission::RateConfig{.per_second = 10.0 / 3600, .burst = 10};
    parts.classes[0].config.per_client.tokens.emplace().both =
        admission::RateConfig{.per_second = 100.0 / 3600, .burst = 100};
    return parts;
}

TEST(RateFields, TellTheCallerWhatIsLeftOfItsRates) {
    OneClient one(with_rates());
    SharedJudge& judge = *one.client.routing->routes[0].judge;
    PreparedPrompt prepared(one, "/v1/chat/completions", R"({"max_tokens":36})");
    Ticket ticket(one.client.waker);
    judge.arrive(ticket, prepared.ask(), one.client.turn());
    const std::string text(rate_fields(prepared.arrival.caller, one.client.turn()).text());
    EXPECT_NE(text.find("ratelimit-limit-requests: 10\r\n"), std::string::npos) << text;
    EXPECT_NE(text.find("ratelimit-remaining-requests: 9\r\n"), std::string::npos) << text;
    EXPECT_NE(text.find("ratelimit-remaining-tokens: 59\r\n"), std::string::npos) << "5 of the prompt and 36: " << text;
    judge.finish(ticket, one.client.turn());
}

TEST(RateFields, AreInTheDialectOfTheCall) {
    OneClient one(with_rates());
    const PreparedPrompt prepared(one, "/v1/messages", R"({"max_tokens":36})");
    const std::string text(rate_fields(prepared.arrival.caller, one.client.turn()).text());
    EXPECT_NE(text.find("nthropic-"), std::string::npos) << text;
}

TEST(RateFields, AreNotWrittenWhereThereIsNothingToTell) {
    OneClient without;
    const PreparedPrompt no_rates(without, "/v1/messages", "{}");
    EXPECT_EQ(rate_fields(no_rates.arrival.caller, without.client.turn()).text(), "");
    OneClient with(with_rates());
    const PreparedPrompt no_call(with, Head{test::get_of("/")}, "");
    EXPECT_EQ(rate_fields(no_call.arrival.caller, with.client.turn()).text(), "");
    EXPECT_EQ(rate_fields(Caller{}, with.client.turn()).text(), "");
}

}  // namespace
}  // namespace weir::downstream
