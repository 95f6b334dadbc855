#include "downstream/exchange/settlement.hpp"

#include <gtest/gtest.h>

#include "support/answered_request.hpp"

namespace weir::downstream {
namespace {

using telemetry::TokenSource;
using test::AnsweredRequest;
using Head = test::PreparedPrompt::Head;

constexpr std::string_view kChat = "/v1/chat/completions";
constexpr std::string_view kUsage = R"({"usage":{"prompt_tokens":11,"completion_tokens":22}})";
constexpr std::string_view kEvents =
    "data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\n"
    "data: {\"choices\":[{\"delta\":{\"content\":\"b\"}}]}\n\n";
constexpr std::string_view kTold =
    "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":11,\"completion_tokens\":9}}\n\n";
constexpr std::string_view kLess =
    "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":11,\"completion_tokens\":1}}\n\n";

struct Row {
    std::string_view path;
    int status;
    Reading reading;
    std::string content;
    std::string_view whole;   // tokens noted of an answer that is all here
    std::string_view broken;  // and of one that broke off
};

// The prompt has 16 bytes, and no bound is asked for.
TEST(Settlement, NotesTheBestThatIsKnownOfTokens) {
    const std::string events(kEvents);
    for (const Row& row : {
             Row{kChat, 200, Reading::document, std::string(kUsage), "11 usage, 22 usage", "11 usage, 22 usage"},
             {kChat, 200, Reading::document, "{}", "4 estimated, 0 ", "4 estimated, 0 "},
             {kChat, 200, Reading::events, events, "4 estimated, 2 counted", "4 estimated, 2 counted"},
             {kChat, 200, Reading::events, events + std::string(kTold), "11 usage, 9 usage", "11 usage, 9 usage"},
             // Where it is whole its own word counts, and of what broke off the larger of word and count.
             {kChat, 200, Reading::events, events + std::string(kLess), "11 usage, 1 usage", "11 usage, 2 counted"},
             {kChat, 200, Reading::none, "?", "4 estimated, 256 estimated", "4 estimated, 256 estimated"},
             {kChat, 500, Reading::none, "?", "0 , 0 ", "0 , 0 "},
             {"/v1/messages/count_tokens", 200, Reading::none, R"({"input_tokens":9})", "0 , 0 ", "0 , 0 "},
         }) {
        AnsweredRequest whole(row.path, R"({"a":"34567890"})", row.reading, row.content, row.status);
        whole.settlement.answer_is_in();
        EXPECT_EQ(whole.tokens(), row.whole) << row.content;
        AnsweredRequest broken(row.path, R"({"a":"34567890"})", row.reading, row.content, row.status);
        broken.settlement.broke_off(RelayEnd::backend_died);
        EXPECT_EQ(broken.tokens(), row.broken) << row.content;
    }
}

// Anthropic's first event says `output_tokens: 1`: of what broke off the larger of usage and count is charged.
TEST(Settlement, DoesNotTakeABeginningForAllThatAStreamHasUsed) {
    const std::string events =
        "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"usage\":{\"input_tokens\":7,"
        "\"output_tokens\":1}}}\n\n"
        "data: {\"type\":\"content_block_delta\",\"delta\":{\"text\":\"a\"}}\n\n"
        "data: {\"type\":\"content_block_delta\",\"delta\":{\"text\":\"b\"}}\n\n";
    AnsweredRequest broken("/v1/messages", "{}", Reading::events, events);
    broken.settlement.broke_off(RelayEnd::client_gone);
    EXPECT_EQ(broken.tokens(), "7 usage, 2 counted");
}

TEST(Settlement, GivesTheSlotBackAndSaysHowItEnded) {
    AnsweredRequest served(kChat, "{}", Reading::document, kUsage);
    EXPECT_EQ(served.inflight(), 1U);
    served.settlement.answer_is_in();
    EXPECT_EQ(served.inflight(), 0U);
    EXPECT_EQ(served.outcome().reason, Reason::admitted);
    AnsweredRequest waited(kChat, "{}", Reading::document, kUsage);
    waited.outcome().record.queue = std::chrono::milliseconds(1);
    waited.settlement.answer_is_in();
    EXPECT_EQ(waited.outcome().reason, Reason::admitted_after_wait);
    AnsweredRequest stalled(kChat, "{}", Reading::document, kUsage);
    stalled.settlement.broke_off(RelayEnd::backend_stalled);
    EXPECT_EQ(stalled.outcome().reason, Reason::backend_timeout);
    EXPECT_EQ(stalled.inflight(), 0U);
}

TEST(Settlement, NotesNothingTwiceWhereOnlyTheLastBytesWereNotTaken) {
    AnsweredRequest answered(kChat, "{}", Reading::events, std::string(kEvents) + std::string(kTold));
    answered.settlement.answer_is_in();
    answered.outcome().record.tokens_out = {99, TokenSource::usage};
    answered.settlement.broke_off(RelayEnd::client_gone);
    EXPECT_EQ(answered.outcome().record.tokens_out.tokens, 99U);
    EXPECT_EQ(answered.outcome().reason, Reason::client_gone);
}

TEST(Settlement, TeachesWhatPromptsAndAnswersComeTo) {
    const auto ratio_after = [](std::string_view body) {
        AnsweredRequest answered(kChat, body, Reading::document,
                                 R"({"usage":{"prompt_tokens":9000,"completion_tokens":9}})");
        answered.settlement.answer_is_in();
        EXPECT_LT(answered.judge().answers().usual(), 256U);
        return answered.judge().prompts().tokens_per_byte();
    };
    EXPECT_GT(ratio_after(R"({"messages":[{"content":"abcdefgh"}]})"), 0.25);
    EXPECT_EQ(ratio_after("[]{}"), 0.25) << "what is no object says nothing of prompts";
}

TEST(Settlement, ChargesNothingForAnAnswerAboutAnEarlierRequestsJob) {
    AnsweredRequest asked(Head{test::get_of("/v1/videos/video_1")}, "", Reading::job,
                          R"({"id":"video_1","status":"queued","usage":{"input_tokens":7,"output_tokens":9}})");
    asked.settlement.answer_is_in();
    EXPECT_EQ(asked.tokens(), "0 , 0 ");
    EXPECT_EQ(asked.outcome().reason, Reason::exempt);
}

}  // namespace
}  // namespace weir::downstream
