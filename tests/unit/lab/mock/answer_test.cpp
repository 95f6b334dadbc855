#include "lab/mock/answer.hpp"

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <string>
#include <vector>

namespace weir::mock {
namespace {

namespace json = boost::json;

Ask an_ask(AskKind kind, std::uint32_t tokens) {
    Ask ask;
    ask.kind = kind;
    ask.model = "a \"model\"";
    ask.prompt_tokens = 5;
    ask.output_tokens = tokens;
    ask.stream = true;
    return ask;
}

AnswerIdentity plain() { return {7, 1, 1'700'000'000}; }

// The `data:` of each event, in order; what an event of Anthropic's is called must agree with its type.
std::vector<std::string> events_of(std::string_view stream) {
    std::vector<std::string> events;
    while (!stream.empty()) {
        std::string_view event = stream.substr(0, stream.find("\n\n"));
        stream.remove_prefix(event.size() + 2);
        std::string name;
        if (event.starts_with("event: ")) {
            name = event.substr(7, event.find('\n') - 7);
            event.remove_prefix(event.find('\n') + 1);
        }
        EXPECT_TRUE(event.starts_with("data: ")) << event;
        events.emplace_back(event.substr(6));
        if (!name.empty()) {
            EXPECT_EQ(json::parse(events.back()).at("type").as_string(), name);
        }
    }
    return events;
}

std::string whole_stream(const Ask& ask) {
    std::string out;
    AnswerWriter(ask, plain()).append_events(out, 0, ask.output_tokens);
    return out;
}

TEST(AnswerWriter, StreamsChatAsRoleTokensReasonDone) {
    const auto events = events_of(whole_stream(an_ask(AskKind::chat, 3)));
    ASSERT_EQ(events.size(), 6U);
    const auto choice = [&](std::size_t i) { return json::parse(events[i]).at("choices").at(0).as_object(); };
    EXPECT_EQ(choice(0).at("delta").at("role").as_string(), "assistant");
    for (std::size_t i = 1; i <= 3; ++i) {
        EXPECT_FALSE(choice(i).at("delta").at("content").as_string().empty());
        EXPECT_TRUE(choice(i).at("finish_reason").is_null());
    }
    EXPECT_EQ(choice(4).at("finish_reason").as_string(), "length");
    EXPECT_EQ(json::parse(events[4]).at("model").as_string(), "a \"model\"");
    EXPECT_EQ(events[5], "[DONE]");
}

TEST(AnswerWriter, AddsUsageToAStreamOnlyWhenAsked) {
    Ask ask = an_ask(AskKind::chat, 2);
    EXPECT_EQ(whole_stream(ask).find("usage"), std::string::npos);
    ask.include_usage = true;
    const auto events = events_of(whole_stream(ask));
    ASSERT_EQ(events.size(), 6U);
    EXPECT_TRUE(json::parse(events[1]).at("usage").is_null());
    const json::value last = json::parse(events[4]);
    EXPECT_TRUE(last.at("choices").as_array().empty());
    EXPECT_EQ(last.at("usage").at("total_tokens").as_int64(), 7);
}

TEST(AnswerWriter, StreamsCompletionsAsText) {
    const auto events = events_of(whole_stream(an_ask(AskKind::completion, 2)));
    ASSERT_EQ(events.size(), 4U);
    EXPECT_FALSE(json::parse(events[0]).at("choices").at(0).at("text").as_string().empty());
    EXPECT_EQ(json::parse(events[2]).at("choices").at(0).at("finish_reason").as_string(), "length");
}

TEST(AnswerWriter, StreamsMessagesInAnthropicsOrder) {
    std::vector<std::string> types;
    for (const std::string& event : events_of(whole_stream(an_ask(AskKind::message, 2)))) {
        types.emplace_back(json::parse(event).at("type").as_string());
    }
    const std::vector<std::string> wanted{"message_start",       "content_block_start", "ping",
                                          "content_block_delta", "content_block_delta", "content_block_stop",
                                          "message_delta",       "message_stop"};
    EXPECT_EQ(types, wanted);
}

TEST(AnswerWriter, StreamsResponsesInOpenAisOrder) {
    const auto events = events_of(whole_stream(an_ask(AskKind::response, 2)));
    std::vector<std::string> types;
    std::string said;
    for (const std::string& event : events) {
        const json::value document = json::parse(event);
        types.emplace_back(document.at("type").as_string());
        if (types.back() == "response.output_text.delta") said.append(document.at("delta").as_string());
    }
    const std::vector<std::string> wanted{"response.created",           "response.in_progress",
                                          "response.output_item.added", "response.content_part.added",
                                          "response.output_text.delta", "response.output_text.delta",
                                          "response.output_text.done",  "response.content_part.done",
                                          "response.output_item.done",  "response.completed"};
    EXPECT_EQ(types, wanted);
    EXPECT_TRUE(json::parse(events[0]).at("response").at("usage").is_null());
    const json::value last = json::parse(events.back()).at("response");
    EXPECT_EQ(last.at("status").as_string(), "completed");
    EXPECT_EQ(last.at("usage").at("input_tokens").as_int64(), 5);
    EXPECT_EQ(last.at("usage").at("output_tokens").as_int64(), 2);
    EXPECT_EQ(last.at("output").at(0).at("content").at(0).at("text").as_string(), said);
}

TEST(AnswerWriter, ReportsATierThatIsAskedFor) {
    for (const AskKind kind : {AskKind::chat, AskKind::completion, AskKind::response}) {
        Ask ask = an_ask(kind, 2);
        ask.service_tier = "flex";
        EXPECT_EQ(json::parse(AnswerWriter(ask, plain()).document()).at("service_tier").as_string(), "flex");
        if (kind == AskKind::response) continue;
        const std::string first = events_of(whole_stream(ask)).front();
        EXPECT_EQ(json::parse(first).at("service_tier").as_string(), "flex");
    }
    const std::string untold = AnswerWriter(an_ask(AskKind::chat, 2), plain()).document();
    EXPECT_FALSE(json::parse(untold).as_object().contains("service_tier"));
}

TEST(AnswerWriter, EmbedsEachText) {
    Ask ask = an_ask(AskKind::embedding, 1);
    ask.inputs = 3;
    const json::value document = json::parse(AnswerWriter(ask, plain()).document());
    ASSERT_EQ(document.at("data").as_array().size(), 3U);
    EXPECT_EQ(document.at("data").at(2).at("index").as_int64(), 2);
    EXPECT_EQ(document.at("data").at(0).at("embedding").as_array().size(), 8U);
    EXPECT_EQ(document.at("usage").at("prompt_tokens").as_int64(), 5);
}

TEST(AnswerWriter, CountsTokensInAWord) {
    EXPECT_EQ(AnswerWriter(an_ask(AskKind::count, 1), plain()).document(), R"({"input_tokens":5})");
}

TEST(AnswerWriter, WritesTheSameStreamInAnyPieces) {
    for (const AskKind kind : {AskKind::chat, AskKind::completion, AskKind::message, AskKind::response}) {
        const Ask ask = an_ask(kind, 9);
        const AnswerWriter writer(ask, plain());
        std::string pieces;
        writer.append_events(pieces, 0, 1);
        writer.append_events(pieces, 1, 5);
        writer.append_events(pieces, 5, 9);
        EXPECT_EQ(pieces, whole_stream(ask));
    }
}

TEST(AnswerWriter, SaysTheSameInADocumentAsInAStream) {
    const Ask ask = an_ask(AskKind::completion, 5);
    std::string streamed;
    for (const std::string& event : events_of(whole_stream(ask))) {
        if (event != "[DONE]") streamed.append(json::parse(event).at("choices").at(0).at("text").as_string());
    }
    const json::value document = json::parse(AnswerWriter(ask, plain()).document());
    EXPECT_EQ(document.at("choices").at(0).at("text").as_string(), streamed);
    EXPECT_EQ(document.at("usage").at("completion_tokens").as_int64(), 5);
    EXPECT_EQ(document.at("usage").at("prompt_tokens").as_int64(), 5);
}

TEST(AnswerWriter, WritesDocumentsOfEachDialect) {
    const Ask chat = an_ask(AskKind::chat, 2);
    const json::value completion = json::parse(AnswerWriter(chat, plain()).document());
    EXPECT_EQ(completion.at("choices").at(0).at("message").at("role").as_string(), "assistant");
    EXPECT_EQ(completion.at("object").as_string(), "chat.completion");
    const Ask asked = an_ask(AskKind::response, 2);
    const json::value response = json::parse(AnswerWriter(asked, plain()).document());
    EXPECT_EQ(response.at("object").as_string(), "response");
    EXPECT_EQ(response.at("usage").at("total_tokens").as_int64(), 7);
    const Ask ask = an_ask(AskKind::message, 2);
    const json::value message = json::parse(AnswerWriter(ask, plain()).document());
    EXPECT_EQ(message.at("stop_reason").as_string(), "max_tokens");
    EXPECT_EQ(message.at("usage").at("output_tokens").as_int64(), 2);
}

}  // namespace
}  // namespace weir::mock
