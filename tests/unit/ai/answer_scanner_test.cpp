#include "ai/answer_scanner.hpp"

#include <gtest/gtest.h>

#include <string>

namespace weir::ai {
namespace {

AnswerScanner scanned(std::string_view text) {
    AnswerScanner scanner;
    scanner.push(text);
    return scanner;
}

void expect_usage(std::string_view text, std::optional<std::uint32_t> input, std::optional<std::uint32_t> output) {
    const Usage usage = scanned(text).usage();
    EXPECT_EQ(usage.input, input) << text;
    EXPECT_EQ(usage.output, output) << text;
}

TEST(AnswerScanner, ReadsUsageWhereEachDialectPutsIt) {
    expect_usage(R"({"choices":[],"usage":{"prompt_tokens":12,"completion_tokens":34,"total_tokens":46}})", 12, 34);
    expect_usage(R"({"object":"list","data":[{"embedding":[0.1,-2e-3]}],"usage":{"prompt_tokens":5,"total_tokens":5}})",
                 5, std::nullopt);
    expect_usage(R"({"id":"msg","usage":{"input_tokens":3,"output_tokens":4}})", 3, 4);
    expect_usage(
        R"({"type":"response.completed","response":{"output":[{"text":"usage"}],"usage":{"input_tokens":8,)"
        R"("input_tokens_details":{"cached_tokens":7},"output_tokens":9,"output_tokens_details":{"reasoning_tokens":1},)"
        R"("total_tokens":17}}})",
        8, 9);
    expect_usage(R"({"type":"message_start","message":{"content":[],"usage":{"input_tokens":21,"output_tokens":1}}})",
                 21, 1);
    expect_usage(R"({"type":"message_delta","delta":{"stop_reason":null},"usage":{"output_tokens":15}})", std::nullopt,
                 15);
}

TEST(AnswerScanner, CountsCachedTokensAsInput) {
    expect_usage(R"({"usage":{"input_tokens":3,"cache_creation_input_tokens":100,"cache_read_input_tokens":1000,)"
                 R"("output_tokens":4}})",
                 1103, 4);
}

TEST(AnswerScanner, IgnoresUsageInOtherPlaces) {
    for (const char* text :
         {R"({"choices":[{"usage":{"prompt_tokens":1}}]})", R"({"metadata":{"usage":{"prompt_tokens":1}}})",
          R"({"response":{"tools":[{"usage":{"input_tokens":1}}]}})", R"({"x":"\"usage\":{\"prompt_tokens\":1}"})",
          R"({"usage":null})", R"({"usage":[{"prompt_tokens":1}]})",
          R"({"usage":{"prompt_tokens_details":{"prompt_tokens":1}}})", R"({}{"usage":{"prompt_tokens":1}})"}) {
        expect_usage(text, std::nullopt, std::nullopt);
    }
}

TEST(AnswerScanner, AcceptsOnlyPlainNumbers) {
    for (const char* number :
         {"-1", "1.5", "1e3", "null", "\"7\"", "99999999999999999999", "4294967296", "{}", "[7]"}) {
        expect_usage(std::string(R"({"usage":{"prompt_tokens":)") + number + "}}", std::nullopt, std::nullopt);
    }
    expect_usage("{ \"usage\" : { \"prompt_tokens\" :\n 2147483647 , \"x\":1 } }", 2147483647, std::nullopt);
}

TEST(AnswerScanner, TheLastUsageCountsAcrossDocuments) {
    AnswerScanner scanner;
    scanner.push(R"({"message":{"usage":{"input_tokens":21,"output_tokens":1}}})");
    scanner.restart();
    scanner.push(R"({"usage":{"output_tokens":15}})");
    EXPECT_EQ(scanner.usage().input, 21U);
    EXPECT_EQ(scanner.usage().output, 15U);
}

TEST(AnswerScanner, MeasuresTheText) {
    EXPECT_EQ(scanned(R"({"choices":[{"index":0,"delta":{"role":"assistant","content":" water"}}]})").text_bytes(), 6U);
    EXPECT_EQ(scanned(R"({"choices":[{"text":"abc","logprobs":{"tokens":["x"],"text":"no"}}]})").text_bytes(), 3U);
    EXPECT_EQ(
        scanned(R"({"choices":[{"delta":{"tool_calls":[{"function":{"name":"f","arguments":"{}"}}]}}]})").text_bytes(),
        2U);
    EXPECT_EQ(scanned(R"({"type":"content_block_delta","delta":{"type":"text_delta","text":"hey"}})").text_bytes(), 3U);
    EXPECT_EQ(scanned(R"({"type":"response.output_text.delta","item_id":"i","delta":"word"})").text_bytes(), 4U);
    EXPECT_EQ(scanned(R"({"type":"response.output_text.done","text":"all words"})").text_bytes(), 0U);
    EXPECT_EQ(scanned(R"({"choices":[{"message":{"content":"one two"}}]})").text_bytes(), 7U);
    EXPECT_EQ(scanned(R"({"type":"message","content":[{"type":"text","text":"one"}]})").text_bytes(), 3U);
    EXPECT_EQ(
        scanned(R"({"output":[{"type":"message","content":[{"type":"output_text","text":"two!"}]}]})").text_bytes(),
        4U);
    EXPECT_EQ(scanned(R"({"choices":[{"delta":{"content":"a\n\"\u00e9"}}]})").text_bytes(), 5U);
}

Usage usage_of(std::string_view text) { return scanned(text).usage(); }

TEST(AnswerScanner, CountsCachedTokensOnce) {
    EXPECT_EQ(usage_of(R"({"usage":{"prompt_tokens":10000,"cache_read_input_tokens":9000}})").input, 10'000U);
    EXPECT_EQ(
        usage_of(R"({"usage":{"cache_read_input_tokens":9000,"prompt_tokens":10000,"cache_creation_input_tokens":5}})")
            .input,
        10'000U);
    EXPECT_EQ(usage_of(R"({"usage":{"input_tokens":1000,"cache_read_input_tokens":9000}})").input, 10'000U)
        << "Anthropic's";
    EXPECT_EQ(
        usage_of(
            R"({"usage":{"input_tokens":1000,"cache_read_input_tokens":900,"output_tokens":5,"total_tokens":1005}})")
            .input,
        1005U)
        << "never above the total";
}

TEST(AnswerScanner, CountsReasoningTokens) {
    EXPECT_EQ(usage_of(R"({"usage":{"prompt_tokens":10,"completion_tokens":5,"total_tokens":1015}})").output, 1005U);
    EXPECT_EQ(usage_of(R"({"usage":{"prompt_tokens":10,"completion_tokens":1005,"total_tokens":1015}})").output, 1005U);
    EXPECT_EQ(usage_of(R"({"usage":{"total_tokens":5,"prompt_tokens":10,"completion_tokens":7}})").output, 7U)
        << "a total that is less than its parts";
}

TEST(AnswerScanner, ReadsTheUsageOfOtherEngines) {
    const Usage ollama =
        usage_of(R"({"model":"m","message":{"content":"x"},"done":true,"prompt_eval_count":26,"eval_count":298})");
    EXPECT_EQ(ollama.input, 26U);
    EXPECT_EQ(ollama.output, 298U);
    const std::string_view gemini =
        R"({"candidates":[{"content":{"parts":[{"text":"abc"}]}}],"usageMetadata":{"promptTokenCount":7,"candidatesTokenCount":3,"thoughtsTokenCount":20,"totalTokenCount":30}})";
    EXPECT_EQ(usage_of(gemini).input, 7U);
    EXPECT_EQ(usage_of(gemini).output, 23U);
    EXPECT_EQ(scanned(gemini).text_bytes(), 3U);
    EXPECT_EQ(usage_of("[" + std::string(gemini) + "]").output, 23U) << "as a list";
    const Usage realtime = usage_of(
        R"({"type":"response.done","response":{"usage":{"total_tokens":12,"input_tokens":5,"output_tokens":7}}})");
    EXPECT_EQ(realtime.input, 5U);
    EXPECT_EQ(realtime.output, 7U);
    EXPECT_FALSE(usage_of(R"({"output_tokens":7,"eval_count":"x"})").output)
        << "these names mean something else in other places";
}

TEST(AnswerScanner, DistinguishesABeginningFromAnEnd) {
    AnswerScanner scanner;
    scanner.push(R"({"type":"message_start","message":{"usage":{"input_tokens":9,"output_tokens":1}}})");
    EXPECT_FALSE(scanner.usage().final);
    scanner.restart();
    scanner.push(R"({"type":"message_delta","usage":{"output_tokens":400}})");
    EXPECT_TRUE(scanner.usage().final);
    EXPECT_EQ(scanner.usage().output, 400U);
}

TEST(AnswerScanner, RecognisesTheUsageChunk) {
    EXPECT_TRUE(
        scanned(R"({"id":"c","choices":[],"usage":{"prompt_tokens":1,"completion_tokens":2}})").is_usage_chunk());
    EXPECT_TRUE(scanned(R"({"usage":{"prompt_tokens":1},"choices": [ ] })").is_usage_chunk());
    EXPECT_FALSE(scanned(R"({"choices":[{"delta":{}}],"usage":{"prompt_tokens":1}})").is_usage_chunk());
    EXPECT_FALSE(scanned(R"({"choices":[],"usage":null})").is_usage_chunk());
    EXPECT_FALSE(scanned(R"({"choices":[]})").is_usage_chunk());
    EXPECT_TRUE(scanned(R"({"usage":{"total_tokens":3},"choices":null})").is_usage_chunk());
    EXPECT_TRUE(scanned(R"({"id":"c","usage":{"total_tokens":3}})").is_usage_chunk());
    EXPECT_FALSE(scanned(R"({"type":"message_delta","usage":{"output_tokens":1}})").is_usage_chunk());
    EXPECT_FALSE(scanned("[DONE]").is_usage_chunk());
}

TEST(AnswerScanner, ReadsTheSameInPiecesOfAnySize) {
    const std::string text = R"({"a\"":[1,{"b":"]}\\"}],"choices":[{"delta":{"content":"x\u00e9\\"}}],)"
                             R"("usage":{"prompt_tokens":123,"completion_tokens":45}})";
    for (std::size_t size = 1; size < text.size(); ++size) {
        AnswerScanner scanner;
        for (std::size_t at = 0; at < text.size(); at += size) scanner.push(std::string_view(text).substr(at, size));
        EXPECT_EQ(scanner.usage().input, 123U) << size;
        EXPECT_EQ(scanner.usage().output, 45U) << size;
        EXPECT_EQ(scanner.text_bytes(), 4U) << size;
    }
}

TEST(AnswerScanner, WithstandsAnyDepth) {
    std::string deep(100'000, '[');
    deep += std::string(100'000, ']');
    expect_usage(R"({"x":)" + deep + R"(,"usage":{"prompt_tokens":1,"completion_tokens":2}})", 1, 2);
    std::string objects;
    for (int i = 0; i < 1000; ++i) objects += R"({"usage":)";
    expect_usage(objects + R"({"prompt_tokens":1})" + std::string(1000, '}'), std::nullopt, std::nullopt);
}

}  // namespace
}  // namespace weir::ai
