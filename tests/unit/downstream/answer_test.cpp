#include "downstream/exchange/answer.hpp"

#include <gtest/gtest.h>

#include "support/prepared_prompt.hpp"

namespace weir::downstream {
namespace {

using ai::Api;
using http::Framing;
using test::get_of;
using test::OneClient;
using test::post_to;
using test::PreparedPrompt;
using Head = PreparedPrompt::Head;

// The head of an answer, and the text that it points into.
struct Answer {
    explicit Answer(std::string head_text, bool to_head = false) : text(std::move(head_text)) {
        EXPECT_EQ(http::parse_response(text, {}, to_head, head).status, http::ParseStatus::complete) << text;
    }
    Answer(int status, std::string_view fields)
        : Answer("HTTP/1.1 " + std::to_string(status) + " Said\r\n" + std::string(fields) + "\r\n") {}

    std::string text;
    http::ResponseHead head;
};

struct Stream {
    int status;
    std::string_view fields;
    Api api;
    bool asked;
    bool is_stream;
};

TEST(IsEventStream, WhenItSaysSoOrWhenOneWasAskedForAndItIsCalledText) {
    for (const Stream& row : {
             Stream{200, "Content-Type: text/event-stream\r\n", Api::generic, false, true},
             {500, "Content-Type: text/event-stream; charset=utf-8\r\n", Api::chat, false, true},
             {200, "Content-Type: text/plain; charset=utf-8\r\n", Api::chat, true, true},
             {200, "", Api::chat, true, true},
             {200, "Content-Type: text/plain\r\n", Api::chat, false, false},
             {200, "Content-Type: text/plain\r\n", Api::other, true, false},
             {300, "Content-Type: text/plain\r\n", Api::chat, true, false},
             {200, "Content-Type: application/json\r\n", Api::chat, true, false},
         }) {
        const Answer answer(row.status, row.fields);
        ai::RequestFacts facts;
        facts.api = row.api;
        facts.stream = row.asked;
        EXPECT_EQ(is_event_stream(answer.head, facts), row.is_stream) << row.status << " " << row.fields;
    }
}

struct Read {
    std::string request;
    std::string_view body;
    int status;
    std::string_view fields;
    Reading reading;
};

TEST(ReadingOf, FollowsFromTheCallAndFromTheAnswersHead) {
    const std::string_view json = "Content-Type: application/json\r\n";
    const std::string_view events = "Content-Type: text/event-stream\r\n";
    const std::string chat = post_to("/v1/chat/completions", test::json_fields(2));
    for (const Read& row : {
             Read{chat, "{}", 200, json, Reading::document},
             {chat, "{}", 200, events, Reading::events},
             {chat, "{}", 500, json, Reading::none},
             {chat, "{}", 200, "Content-Encoding: gzip\r\nContent-Type: text/event-stream\r\n", Reading::none},
             {chat, "{}", 200, "Content-Type: application/x-ndjson\r\n", Reading::lines},
             {chat, "{}", 200, "Content-Type: application/jsonl; a=b\r\n", Reading::lines},
             {chat, "{}", 400, "Content-Type: application/x-ndjson\r\n", Reading::none},
             {post_to("/v1/messages/count_tokens", test::json_fields(2)), "{}", 200, json, Reading::none},
             {post_to("/other", test::json_fields(2)), "{}", 200, events, Reading::events},
             {get_of("/"), "", 200, events, Reading::other_events},
             {get_of("/"), "", 200, json, Reading::none},
             {post_to("/v1/videos", test::json_fields(2)), "{}", 200, json, Reading::job},
             {get_of("/v1/videos/video_1"), "", 200, json, Reading::job},
             {get_of("/v1/videos/video_1/content"), "", 200, "Content-Type: video/mp4\r\n", Reading::none},
             {post_to("/v1/responses", test::json_fields(19)), R"({"background":true})", 200, json, Reading::job},
             {post_to("/v1/responses", test::json_fields(2)), "{}", 200, json, Reading::document},
         }) {
        OneClient one;
        const PreparedPrompt prepared(one, Head{row.request}, row.body);
        const Answer answer(row.status, row.fields);
        EXPECT_EQ(reading_of(answer.head, prepared.arrival.inbound, prepared.arrival.caller, prepared.prompt.facts()),
                  row.reading)
            << row.request << row.status << " " << row.fields;
    }
}

struct Framed {
    std::string request;
    int status;
    std::string_view fields;
    bool keeps_length;
    Framing framing;
    std::uint64_t length;
};

TEST(PlanFraming, KeepsALengthWhereAllOfTheContentPasses) {
    const std::string get = get_of("/");
    const std::string old = "GET / HTTP/1.0\r\nHost: a\r\n\r\n";
    const std::string head = "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n";
    const std::string_view five = "Content-Length: 5\r\n";
    const std::string_view chunks = "Transfer-Encoding: chunked\r\n";
    for (const Framed& row : {
             Framed{get, 200, five, true, Framing::length, 5},
             {get, 200, five, false, Framing::chunked, 5},
             {get, 200, chunks, true, Framing::chunked, 0},
             {get, 200, "", true, Framing::chunked, 0},  // it ends with its connection
             {old, 200, chunks, true, Framing::until_close, 0},
             {old, 200, five, true, Framing::length, 5},
             {old, 200, five, false, Framing::until_close, 5},
             {get, 200, "Content-Length: 0\r\n", true, Framing::length, 0},
             {get, 204, "", true, Framing::none, 0},
             {get, 304, "", true, Framing::none, 0},
             {head, 200, five, true, Framing::none, 5},
         }) {
        OneClient one;
        const test::Arrival arrival(one, row.request);
        const Answer answer("HTTP/1.1 " + std::to_string(row.status) + " Said\r\n" + std::string(row.fields) + "\r\n",
                            arrival.inbound.method() == "HEAD");
        const http::OutboundFraming framing = plan_framing(answer.head, arrival.inbound, row.keeps_length);
        EXPECT_EQ(framing.framing, row.framing) << row.request << row.status << " " << row.fields << row.keeps_length;
        EXPECT_EQ(framing.content_length, row.length) << row.request << row.fields;
    }
}

}  // namespace
}  // namespace weir::downstream
