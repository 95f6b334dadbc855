#include "ai/event_scanner.hpp"

#include <gtest/gtest.h>

#include <string>

namespace weir::ai {
namespace {

std::uint32_t count(std::string_view text, std::size_t piece = std::string_view::npos) {
    EventScanner scanner(EventScanner::Form::other_events);
    for (std::size_t at = 0; at < text.size(); at += std::min(piece, text.size() - at)) {
        scanner.push(text.substr(at, piece));
    }
    return scanner.tokens();
}

TEST(EventScanner, CountsEventsThatCarryData) {
    EXPECT_EQ(count("data: {\"a\":1}\n\ndata: {\"a\":2}\n\n"), 2U);
    EXPECT_EQ(count("event: content_block_delta\ndata: {}\n\n"), 1U);
    EXPECT_EQ(count("data: a\ndata: b\n\n"), 1U);
    EXPECT_EQ(count("data:x\r\n\r\ndata:y\r\n\r\n"), 2U);
    EXPECT_EQ(count("data:x\r\rdata:y\r\r"), 2U);
}

TEST(EventScanner, LeavesOutEventsThatAreNotTokens) {
    EXPECT_EQ(count(": a comment\n\n"), 0U);
    EXPECT_EQ(count("event: ping\n\n"), 0U);
    EXPECT_EQ(count("data: [DONE]\n\n"), 0U);
    EXPECT_EQ(count("data: [DONE]\r\n\r\n"), 0U);
    EXPECT_EQ(count("data: [DONE] not\n\n"), 1U);
    // Only one space is not part of the data, however the bytes are split.
    EXPECT_EQ(count("data:  [DONE]\n\n"), 1U);
    EXPECT_EQ(count("data:  [DONE]\n\n", 1), 1U);
    EXPECT_EQ(count("data: unfinished\n"), 0U);
    EXPECT_EQ(count("\n\n\n\n"), 0U);
}

TEST(EventScanner, CountsTheSameHoweverTheBytesAreSplit) {
    std::string text = ": hello\n\nevent: message_start\ndata: {}\n\n";
    for (int i = 0; i < 20; ++i)
        text += "data: {\"choices\":[{\"delta\":{\"content\":\"" + std::to_string(i) + "\"}}]}\r\n\r\n";
    text += "data: [DONE]\n\n";
    for (std::size_t piece = 1; piece < 90; ++piece) EXPECT_EQ(count(text, piece), 21U) << piece;
}

std::string chat(std::string_view delta) {
    return R"(data: {"id":"c","choices":[{"index":0,"delta":)" + std::string(delta) + "}]}\n\n";
}

constexpr std::string_view kUsageChunk =
    "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":2}}\n\n";

TEST(EventScanner, CountsTextAndNotItsFraming) {
    EventScanner scanner;
    scanner.push(chat(R"({"role":"assistant","content":""})"));
    EXPECT_FALSE(scanner.begun());
    scanner.push(chat(R"({"content":"one"})"));
    EXPECT_TRUE(scanner.begun());
    scanner.push(chat(R"({"content":" two"})") + chat("{}") + std::string(kUsageChunk) + "data: [DONE]\n\n");
    EXPECT_EQ(scanner.tokens(), 2U);
    EXPECT_EQ(scanner.events(), 5U);
    EXPECT_EQ(scanner.usage().input, 5U);
    EXPECT_EQ(scanner.usage().output, 2U);
}

TEST(EventScanner, CountsSeveralTokensInOneEvent) {
    EventScanner scanner;
    scanner.push(chat(R"({"content":"a rather long piece of text, forty bytes"})"));
    EXPECT_EQ(scanner.tokens(), 10U);
}

TEST(EventScanner, CountsEventsOfAnUnknownShape) {
    EventScanner scanner;
    scanner.push("data: hello\n\ndata: {\"n\":1}\n\n");
    EXPECT_EQ(scanner.tokens(), 2U);
    EventScanner audio;
    for (int i = 0; i < 8; ++i) audio.push("data: {\"type\":\"audio.delta\",\"audio\":\"AAAA\"}\n\n");
    EXPECT_FALSE(audio.begun());
    audio.push("data: {\"type\":\"audio.delta\",\"audio\":\"AAAA\"}\n\n");
    EXPECT_EQ(audio.tokens(), 9U) << "past the opening events";
}

TEST(EventScanner, SkipsAByteOrderMarkHoweverItIsSplit) {
    const std::string text =
        "\xEF\xBB\xBF"
        "data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\n";
    for (const std::size_t size : {std::size_t{1}, std::size_t{2}, text.size()}) {
        EventScanner scanner;
        for (std::size_t at = 0; at < text.size(); at += size) scanner.push(std::string_view(text).substr(at, size));
        EXPECT_EQ(scanner.events(), 1U) << size;
    }
    EventScanner half;
    half.push(
        "\xEF\xBB"
        "data: 1\n\ndata: 2\n\n");
    EXPECT_EQ(half.events(), 1U) << "an incomplete mark belongs to the line";
}

TEST(EventScanner, TakesOneEventAtATime) {
    const std::string text = ": note\r\n\r\ndata: 1\n\n" + std::string(kUsageChunk) + "data: 2";
    EventScanner scanner;
    std::string_view rest = text;
    const auto take = [&] {
        const std::size_t size = scanner.take(rest);
        const std::string taken(rest.substr(0, size));
        rest.remove_prefix(size);
        return taken;
    };
    EXPECT_EQ(take(), ": note\r\n") << "a comment may pass on its own";
    EXPECT_FALSE(scanner.ended());
    EXPECT_EQ(take(), "\r\n");
    EXPECT_TRUE(scanner.ended());
    EXPECT_EQ(take(), "data: 1\n\n");
    EXPECT_FALSE(scanner.ended_with_usage_chunk());
    EXPECT_EQ(take(), kUsageChunk);
    EXPECT_TRUE(scanner.ended_with_usage_chunk());
    EXPECT_EQ(take(), "data: 2");
    EXPECT_FALSE(scanner.ended());
    EXPECT_FALSE(scanner.ended_with_usage_chunk());
}

}  // namespace
}  // namespace weir::ai
