// What a request comes to.

#include "downstream/exchange/prompt.hpp"

#include <gtest/gtest.h>

#include "support/prepared_prompt.hpp"

namespace weir::downstream {
namespace {

using test::OneClient;
using test::post_to;
using test::PreparedPrompt;
using test::RoutingParts;
using Head = PreparedPrompt::Head;

struct Price {
    std::string_view path;
    std::string_view body;
    std::uint32_t prompt_tokens;
    std::uint32_t output_tokens;
    bool streams;
};

// A prompt counts four bytes a token at first; an answer without a bound is as long as they usually are: 256.
TEST(Prompt, PricesARequestByWhatItAsksFor) {
    for (const Price& row : {
             Price{"/v1/chat/completions", R"({"a":"34567890"})", 4, 256, false},
             {"/v1/chat/completions", R"({"max_tokens":7})", 4, 7, false},
             {"/v1/chat/completions", R"({"stream": true})", 4, 256, true},
             {"/v1/chat/completions", R"({"max_tokens":7,"n":3  })", 6, 21, false},
             {"/v1/chat/completions", R"({"max_tokens":0})", 4, 0, false},
             {"/v1/chat/completions", R"({"max_tokens":7,"max_completion_tokens":9, "n":0  })", 13, 9, false},
             {"/v1/chat/completions", R"({"max_tokens":2147483647,"n":9})", 8, 2'147'483'647, false},
             {"/v1/completions", R"({"prompt":["a","b"],"max_tokens":5,"n":2})", 11, 20, false},
             {"/v1/messages", R"({"max_tokens":9})", 4, 9, false},
             {"/v1/responses", R"({"max_output_tokens":9   })", 7, 9, false},
             {"/v1/embeddings", R"({"input":"abcd"})", 4, 0, false},
             {"/v1/messages/count_tokens", R"({"a":"34567890"})", 0, 0, false},
         }) {
        OneClient one;
        const PreparedPrompt prepared(one, row.path, row.body);
        EXPECT_EQ(prepared.fault(), "") << row.body;
        EXPECT_EQ(prepared.ask().prompt_tokens, row.prompt_tokens) << row.body;
        EXPECT_EQ(prepared.ask().output_tokens, row.output_tokens) << row.body;
        EXPECT_EQ(prepared.ask().streams, row.streams) << row.body;
    }
}

TEST(Prompt, LearnsWhatPromptsAndAnswersOfABackendComeTo) {
    OneClient one;
    SharedJudge& judge = *one.client.routing->routes[0].judge;
    for (int i = 0; i < 200; ++i) judge.answers().learn(1000);
    for (int i = 0; i < 200; ++i) judge.prompts().learn(10'000, 10'000);
    const PreparedPrompt prepared(one, "/v1/chat/completions", R"({"a":"34567890"})");
    EXPECT_NEAR(prepared.ask().output_tokens, 1000, 10);
    EXPECT_NEAR(prepared.ask().prompt_tokens, 16, 1);
}

struct Video {
    std::string_view body;
    std::uint32_t seconds;
    std::string_view fault;
};

TEST(Prompt, PricesAVideoByItsSeconds) {
    constexpr std::string_view unclear = "'seconds' or 'size' is not written as the API has it";
    for (const Video& row : {
             Video{R"({"prompt":"a cat"})", 4, ""},
             {R"({"seconds":"12"})", 12, ""},
             {R"({"seconds":8,"size":"1440x1280"})", 16, ""},
             {R"({"seconds":"12s"})", 0, unclear},
             {R"({"size":"large"})", 0, unclear},
         }) {
        RoutingParts parts;
        parts.classes[0].config.preemptible = true;
        OneClient one(parts);
        const PreparedPrompt prepared(one, "/v1/videos", row.body);
        EXPECT_EQ(prepared.fault(), row.fault) << row.body;
        EXPECT_EQ(prepared.ask().video_seconds, row.seconds) << row.body;
        EXPECT_EQ(prepared.ask().prompt_tokens, 0U) << row.body;
        EXPECT_FALSE(prepared.ask().can_be_cut) << "the job is not the answer";
    }
}

TEST(Prompt, CannotBeCutWhereItGoesOnInTheBackground) {
    RoutingParts parts;
    parts.classes[0].config.preemptible = true;
    OneClient one(parts);
    EXPECT_TRUE(PreparedPrompt(one, "/v1/responses", R"({"input":"a"})").ask().can_be_cut);
    EXPECT_FALSE(PreparedPrompt(one, "/v1/responses", R"({"background":true})").ask().can_be_cut);
}

TEST(Prompt, IsRefusedWhereNoReadingOfItIsTheEngines) {
    OneClient one;
    EXPECT_EQ(PreparedPrompt(one, "/v1/messages", R"({"model":"a","model":"b"})").fault(),
              "'model' is in the body twice");
    EXPECT_EQ(PreparedPrompt(one, "/v1/messages", "[]").no->reason, Reason::bad_request);
    EXPECT_EQ(PreparedPrompt(one, Head{post_to("/v1/videos")}, "").fault(), "");
    RoutingParts generic;
    generic.backend.dialect = Dialect::generic;
    OneClient other(generic);
    EXPECT_EQ(PreparedPrompt(other, "/else", R"({"model":"a","model":"b"})").fault(), "");
}

TEST(Prompt, NotesTheModelAsItIsRead) {
    for (const auto& [written, model] :
         {std::pair{R"({"model":"llama"})", "llama"}, {R"({"model":"l\u006cama"})", "llama"}, {R"({"n":1})", ""}}) {
        OneClient one;
        EXPECT_EQ(PreparedPrompt(one, "/v1/messages", written).arrival.outcome.record.model, model) << written;
    }
}

}  // namespace
}  // namespace weir::downstream
