#include "ai/refusal.hpp"

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

namespace weir::ai {
namespace {

boost::json::value parsed(Dialect dialect, Reason reason, std::string_view detail = {},
                          std::string_view request_id = "id-1") {
    return boost::json::parse(word_refusal(dialect, reason, 503, detail, request_id).body);
}

std::string text_at(const boost::json::value& value, std::string_view pointer) {
    return value.at_pointer(pointer).as_string().c_str();
}

TEST(WordRefusal, IsJsonForEveryReasonInEveryDialect) {
    for (const Dialect dialect : {Dialect::generic, Dialect::openai, Dialect::anthropic}) {
        for (const ReasonInfo& row : kReasons) {
            EXPECT_TRUE(parsed(dialect, row.reason).is_object()) << name(dialect) << " " << row.name;
        }
    }
}

TEST(WordRefusal, StaysValidJsonForHostileText) {
    const std::string_view hostile("\"}\r\n\x1B\0\xFF\xED\xA0\x80{", 12);
    for (const Dialect dialect : {Dialect::generic, Dialect::openai, Dialect::anthropic}) {
        const RefusalText text = word_refusal(dialect, Reason::bad_request, 400, hostile, hostile);
        EXPECT_TRUE(boost::json::parse(text.body).is_object());
        EXPECT_EQ(text.body.find_first_of("\r\n"), std::string::npos);
    }
}

struct Row {
    Reason reason;
    std::string_view type;
    std::string_view code;
};

TEST(WordRefusal, UsesOpenAisErrorTypes) {
    const Row rows[] = {{Reason::class_rate, "requests", "rate_limit_exceeded"},
                        {Reason::client_tokens, "tokens", "rate_limit_exceeded"},
                        {Reason::client_concurrency, "requests", "rate_limit_exceeded"},
                        {Reason::queue_full, "service_unavailable_error", "server_is_overloaded"},
                        {Reason::no_endpoint, "service_unavailable_error", "server_is_overloaded"},
                        {Reason::unauthorized, "invalid_request_error", "invalid_api_key"},
                        {Reason::body_too_large, "invalid_request_error", "body_too_large"},
                        {Reason::backend_timeout, "server_error", "backend_timeout"},
                        {Reason::draining, "server_error", "draining"}};
    for (const Row& row : rows) {
        const auto body = parsed(Dialect::openai, row.reason);
        EXPECT_EQ(text_at(body, "/error/type"), row.type) << name(row.reason);
        EXPECT_EQ(text_at(body, "/error/code"), row.code) << name(row.reason);
        EXPECT_EQ(text_at(body, "/error/message"), info(row.reason).text);
        EXPECT_TRUE(body.at_pointer("/error/param").is_null());
    }
}

TEST(WordRefusal, UsesAnthropicsErrorTypes) {
    const Row rows[] = {
        {Reason::client_rate, "rate_limit_error", {}},      {Reason::queue_timeout, "overloaded_error", {}},
        {Reason::unauthorized, "authentication_error", {}}, {Reason::body_too_large, "request_too_large", {}},
        {Reason::bad_request, "invalid_request_error", {}}, {Reason::backend_timeout, "timeout_error", {}},
        {Reason::backend_reset, "api_error", {}},           {Reason::internal_error, "api_error", {}}};
    for (const Row& row : rows) {
        const auto body = parsed(Dialect::anthropic, row.reason);
        EXPECT_EQ(text_at(body, "/type"), "error");
        EXPECT_EQ(text_at(body, "/error/type"), row.type) << name(row.reason);
        EXPECT_EQ(text_at(body, "/error/message"), info(row.reason).text);
        EXPECT_EQ(text_at(body, "/request_id"), "id-1");
    }
}

TEST(WordRefusal, IsAProblemDocumentOtherwise) {
    const RefusalText text = word_refusal(Dialect::generic, Reason::queue_full, 503, "why", "id-1");
    EXPECT_EQ(text.content_type, "application/problem+json");
    const auto body = boost::json::parse(text.body);
    EXPECT_EQ(text_at(body, "/type"), "about:blank");
    EXPECT_EQ(body.at_pointer("/status").as_int64(), 503);
    EXPECT_EQ(text_at(body, "/title"), info(Reason::queue_full).text);
    EXPECT_EQ(text_at(body, "/detail"), std::string(info(Reason::queue_full).text) + ": why");
    EXPECT_EQ(text_at(body, "/reason"), "queue_full");
    EXPECT_EQ(text_at(body, "/request_id"), "id-1");
}

TEST(WordRefusal, AppendsTheDetailToTheReason) {
    const std::string expected = std::string(info(Reason::bad_request).text) + ": no Host";
    EXPECT_EQ(text_at(parsed(Dialect::openai, Reason::bad_request, "no Host"), "/error/message"), expected);
    EXPECT_EQ(text_at(parsed(Dialect::anthropic, Reason::bad_request, "no Host"), "/error/message"), expected);
}

// The data of the last event. Fails if the event shares its lines with anything else.
boost::json::value last_event(const std::string& text, std::string_view opening) {
    const std::size_t at = text.rfind(opening);
    EXPECT_NE(at, std::string::npos) << text;
    EXPECT_TRUE(at == 0 || std::string_view(text).substr(0, at).ends_with("\n\n")) << text;
    EXPECT_TRUE(text.ends_with("\n\n"));
    const std::string data = text.substr(at + opening.size());
    EXPECT_EQ(data.find('\n'), data.size() - 2);
    return boost::json::parse(data.substr(0, data.size() - 2));
}

TEST(WordStreamFailure, IsAnErrorEventOfTheDialect) {
    const auto chat = last_event(word_stream_failure({Dialect::openai, "/v1/chat/completions"}), "data: ");
    EXPECT_EQ(text_at(chat, "/error/code"), "backend_died");

    const auto responses = last_event(word_stream_failure({Dialect::openai, "/v1/responses", Reason::evicted, "id", 7}),
                                      "event: error\ndata: ");
    EXPECT_EQ(text_at(responses, "/type"), "error");
    EXPECT_EQ(responses.at_pointer("/sequence_number"), 7);
    EXPECT_EQ(text_at(responses, "/code"), "server_is_overloaded");
    EXPECT_EQ(text_at(responses, "/error/code"), "server_is_overloaded");
    EXPECT_EQ(text_at(responses, "/error/type"), "service_unavailable_error");
    EXPECT_EQ(text_at(responses, "/message"), text_at(responses, "/error/message"));

    const auto messages =
        last_event(word_stream_failure({Dialect::anthropic, "/v1/messages", Reason::backend_timeout, "id-1"}),
                   "event: error\ndata: ");
    EXPECT_EQ(text_at(messages, "/type"), "error");
    EXPECT_EQ(text_at(messages, "/error/type"), "timeout_error");
    EXPECT_EQ(text_at(messages, "/request_id"), "id-1");
}

TEST(WordStreamFailure, ClosesAHalfSentEventFirst) {
    StreamFailure failure{Dialect::anthropic, "/v1/messages"};
    failure.within_event = true;
    EXPECT_TRUE(word_stream_failure(failure).starts_with("\nevent: ping\n\nevent: error\n"));
    failure.dialect = Dialect::openai;
    EXPECT_TRUE(word_stream_failure(failure).starts_with("\n\n"));
    last_event(word_stream_failure(failure), "data: ");
}

TEST(WordStreamFailure, IsEmptyForAGenericStream) { EXPECT_EQ(word_stream_failure({Dialect::generic, "/events"}), ""); }

}  // namespace
}  // namespace weir::ai
