#include "lab/mock/ask.hpp"

#include <gtest/gtest.h>

#include <string>

namespace weir::mock {
namespace {

constexpr std::string_view kChat = R"({"model":"m","messages":[{"role":"user","content":"one two"}])";

Ask chat(std::string_view more) {
    const auto ask = read_ask(AskKind::chat, std::string(kChat).append(more));
    EXPECT_TRUE(ask) << (ask ? "" : ask.error().message);
    return ask ? *ask : Ask{};
}

std::string fault(AskKind kind, std::string_view body) {
    const auto ask = read_ask(kind, body);
    EXPECT_FALSE(ask);
    return ask ? "" : ask.error().param;
}

TEST(Ask, HasDefaultsForAllButModelAndMessages) {
    const Ask ask = chat("}");
    EXPECT_EQ(ask.model, "m");
    EXPECT_EQ(ask.prompt_tokens, 2U);
    EXPECT_EQ(ask.output_tokens, 64U);
    EXPECT_EQ(ask.priority, 0);
    EXPECT_FALSE(ask.stream);
    EXPECT_FALSE(ask.include_usage);
}

TEST(Ask, ReadsWhatDecidesTheWork) {
    const Ask ask =
        chat(R"(,"stream":true,"stream_options":{"include_usage":true},"max_tokens":7,"priority":-3,"n":1})");
    EXPECT_TRUE(ask.stream);
    EXPECT_TRUE(ask.include_usage);
    EXPECT_EQ(ask.output_tokens, 7U);
    EXPECT_EQ(ask.priority, -3);
}

TEST(Ask, TakesTheNewerNameOfMaxTokensFirst) {
    EXPECT_EQ(chat(R"(,"max_tokens":7,"max_completion_tokens":9})").output_tokens, 9U);
}

TEST(Ask, ReadsTheTierThatOpenAisCallsAskFor) {
    EXPECT_EQ(chat(R"(,"service_tier":"flex"})").service_tier, "flex");
    EXPECT_EQ(chat(R"(,"service_tier":"auto"})").service_tier, "default");
    EXPECT_EQ(chat("}").service_tier, "");
    EXPECT_EQ(fault(AskKind::chat, std::string(kChat) + R"(,"service_tier":1})"), "service_tier");
}

TEST(Ask, TakesNullForMissing) {
    EXPECT_EQ(chat(R"(,"max_tokens":null,"stream":null,"priority":null})").output_tokens, 64U);
}

TEST(Ask, CountsTheWordsOfAllPartsOfAllMessages) {
    const auto ask = read_ask(AskKind::chat, R"({"model":"m","messages":[{"role":"system","content":" a  b\n"},
        {"role":"user","content":[{"type":"text","text":"c d e"},{"type":"image_url","image_url":{"url":"x y"}}]},
        {"role":"assistant","content":null}]})");
    ASSERT_TRUE(ask);
    EXPECT_EQ(ask->prompt_tokens, 5U);
}

TEST(Ask, CountsAnthropicsSystemAndToolResults) {
    const auto ask = read_ask(AskKind::message, R"({"model":"m","max_tokens":1,"system":[{"type":"text","text":"a b"}],
        "messages":[{"role":"user","content":[{"type":"tool_result","content":[{"type":"text","text":"c d"}]}]}]})");
    ASSERT_TRUE(ask);
    EXPECT_EQ(ask->prompt_tokens, 4U);
}

TEST(Ask, TakesAPromptAsTextOrTokenIdsOrAListOfOne) {
    const auto tokens = [](std::string_view prompt) {
        const auto ask = read_ask(AskKind::completion, std::string(R"({"model":"m","prompt":)").append(prompt) + "}");
        return ask ? static_cast<int>(ask->prompt_tokens) : -1;
    };
    EXPECT_EQ(tokens(R"("a b c")"), 3);
    EXPECT_EQ(tokens("[5,6,7,8]"), 4);
    EXPECT_EQ(tokens(R"(["a b"])"), 2);
    EXPECT_EQ(tokens("[[5,6]]"), 2);
    EXPECT_EQ(tokens(R"(["a","b"])"), -1);
    EXPECT_EQ(tokens("{}"), -1);
}

TEST(Ask, ReadsTheInputOfResponses) {
    const auto text = read_ask(AskKind::response, R"({"model":"m","input":"one two","max_output_tokens":9})");
    ASSERT_TRUE(text);
    EXPECT_EQ(text->prompt_tokens, 2U);
    EXPECT_EQ(text->output_tokens, 9U);
    const auto items = read_ask(AskKind::response, R"({"model":"m","instructions":"be kind","stream":true,
        "input":[{"role":"user","content":[{"type":"input_text","text":"one two three"}]}]})");
    ASSERT_TRUE(items);
    EXPECT_EQ(items->prompt_tokens, 5U);
    EXPECT_TRUE(items->stream);
    EXPECT_EQ(fault(AskKind::response, R"({"model":"m"})"), "input");
    EXPECT_EQ(fault(AskKind::response, R"({"model":"m","input":7})"), "input");
}

TEST(Ask, ReadsTheTextsToEmbed) {
    const auto one = read_ask(AskKind::embedding, R"({"model":"m","input":"one two"})");
    ASSERT_TRUE(one);
    EXPECT_EQ(one->inputs, 1U);
    EXPECT_EQ(one->prompt_tokens, 2U);
    const auto several = read_ask(AskKind::embedding, R"({"model":"m","input":["one two","three",[4,5,6]]})");
    ASSERT_TRUE(several);
    EXPECT_EQ(several->inputs, 3U);
    EXPECT_EQ(several->prompt_tokens, 6U);
    EXPECT_EQ(read_ask(AskKind::embedding, R"({"model":"m","input":[1,2,3]})")->prompt_tokens, 3U);
}

TEST(Ask, CountsTokensOfMessagesWithoutALimitOnTheAnswer) {
    const auto ask = read_ask(AskKind::count, R"({"model":"m","messages":[{"role":"user","content":"one two"}]})");
    ASSERT_TRUE(ask);
    EXPECT_EQ(ask->prompt_tokens, 2U);
}

TEST(Ask, NamesTheFieldThatIsMissingOrWrong) {
    EXPECT_EQ(fault(AskKind::chat, R"({"messages":[{"role":"user"}]})"), "model");
    EXPECT_EQ(fault(AskKind::chat, R"({"model":1,"messages":[{"role":"user"}]})"), "model");
    EXPECT_EQ(fault(AskKind::chat, R"({"model":"m"})"), "messages");
    EXPECT_EQ(fault(AskKind::chat, R"({"model":"m","messages":[]})"), "messages");
    EXPECT_EQ(fault(AskKind::chat, R"({"model":"m","messages":["x"]})"), "messages");
    EXPECT_EQ(fault(AskKind::completion, R"({"model":"m"})"), "prompt");
    EXPECT_EQ(fault(AskKind::message, R"({"model":"m","messages":[{"role":"user","content":"x"}]})"), "max_tokens");
    for (const std::string_view number : {"0", "-1", "1.5", "\"8\"", "1000001", "99999999999999999999"}) {
        EXPECT_EQ(fault(AskKind::chat, std::string(kChat) + ",\"max_tokens\":" + std::string(number) + "}"),
                  "max_tokens");
    }
    EXPECT_EQ(fault(AskKind::chat, std::string(kChat) + R"(,"stream":"yes"})"), "stream");
    EXPECT_EQ(fault(AskKind::chat, std::string(kChat) + R"(,"stream_options":1})"), "stream_options");
    EXPECT_EQ(fault(AskKind::chat, std::string(kChat) + R"(,"priority":1e99})"), "priority");
    EXPECT_EQ(fault(AskKind::chat, std::string(kChat) + R"(,"n":2})"), "n");
}

TEST(Ask, RefusesAnythingButAJsonObject) {
    for (const std::string_view body : {"", "{", "[]", "1", "{}x", "\xFF"}) {
        EXPECT_FALSE(read_ask(AskKind::chat, body)) << body;
    }
    EXPECT_FALSE(read_ask(AskKind::chat, std::string(100'000, '['))) << "depth is bounded";
}

}  // namespace
}  // namespace weir::mock
