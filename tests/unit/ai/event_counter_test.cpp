#include "ai/event_counter.hpp"

#include <gtest/gtest.h>

#include <string>

namespace weir::ai {
namespace {

std::uint32_t count(std::string_view text, std::size_t piece = std::string_view::npos) {
    EventCounter counter;
    for (std::size_t at = 0; at < text.size(); at += std::min(piece, text.size() - at)) {
        counter.push(text.substr(at, piece));
    }
    return counter.events();
}

TEST(EventCounter, CountsEventsThatCarryData) {
    EXPECT_EQ(count("data: {\"a\":1}\n\ndata: {\"a\":2}\n\n"), 2U);
    EXPECT_EQ(count("event: content_block_delta\ndata: {}\n\n"), 1U);
    EXPECT_EQ(count("data: a\ndata: b\n\n"), 1U);
    EXPECT_EQ(count("data:x\r\n\r\ndata:y\r\n\r\n"), 2U);
}

TEST(EventCounter, LeavesOutWhatIsNoToken) {
    EXPECT_EQ(count(": a comment\n\n"), 0U);
    EXPECT_EQ(count("event: ping\n\n"), 0U);
    EXPECT_EQ(count("data: [DONE]\n\n"), 0U);
    EXPECT_EQ(count("data: [DONE]\r\n\r\n"), 0U);
    EXPECT_EQ(count("data: [DONE] not\n\n"), 1U);
    EXPECT_EQ(count("data: unfinished\n"), 0U);
    EXPECT_EQ(count("\n\n\n\n"), 0U);
}

TEST(EventCounter, DoesNotMindHowTheBytesAreCut) {
    std::string text = ": hello\n\nevent: message_start\ndata: {}\n\n";
    for (int i = 0; i < 20; ++i)
        text += "data: {\"choices\":[{\"delta\":{\"content\":\"" + std::to_string(i) + "\"}}]}\r\n\r\n";
    text += "data: [DONE]\n\n";
    for (std::size_t piece = 1; piece < 90; ++piece) EXPECT_EQ(count(text, piece), 21U) << piece;
}

}  // namespace
}  // namespace weir::ai
