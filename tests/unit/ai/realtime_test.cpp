#include "ai/realtime.hpp"

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <chrono>

namespace weir::ai {
namespace {

using namespace std::chrono_literals;

TEST(ReadRealtimeEvent, NeedsOnlyTheType) {
    EXPECT_EQ(read_realtime_event(R"({"type":"response.create","response":{"inst)"), RealtimeEvent::response_create);
    EXPECT_EQ(read_realtime_event(R"({ "event_id": "e", "type" : "response.created" })"),
              RealtimeEvent::response_created);
    EXPECT_EQ(read_realtime_event(R"({"type":"response.done")"), RealtimeEvent::response_done);
    EXPECT_EQ(read_realtime_event(R"({"type":"response.output_audio.delta","delta":"AAA)"),
              RealtimeEvent::response_delta);
    EXPECT_EQ(read_realtime_event(R"({"type":"error","error":{)"), RealtimeEvent::error);
    EXPECT_EQ(read_realtime_event(R"({"type":"input_audio_buffer.append","audio":"AAA)"), RealtimeEvent::other);
    EXPECT_EQ(read_realtime_event(R"({"type":7})"), RealtimeEvent::other);
}

TEST(ReadRealtimeEvent, IsUndecidedUntilTheTypeIsKnown) {
    const std::string_view text = R"({"item":{"type":"response.done"},"type":"response.create"})";
    for (std::size_t size = 0; size + 1 < text.size(); ++size) {
        EXPECT_EQ(read_realtime_event(text.substr(0, size)), std::nullopt) << size;
    }
    EXPECT_EQ(read_realtime_event(text), RealtimeEvent::response_create);
    EXPECT_EQ(read_realtime_event("not JSON"), std::nullopt);
}

TEST(ReadRealtimeEvent, DecodesEscapes) {
    EXPECT_EQ(read_realtime_event(R"({"type":"response.don\u0065"})"), RealtimeEvent::response_done);
}

TEST(WordRealtimeError, NamesTheClientsEvent) {
    const std::string_view id = R"("my \"event\"")";
    const auto event =
        boost::json::parse(word_realtime_error(Reason::queue_full, realtime_event_id(id), "id-1", 1500ms));
    EXPECT_EQ(event.at_pointer("/type"), "error");
    EXPECT_EQ(event.at_pointer("/event_id"), "id-1");
    EXPECT_EQ(event.at_pointer("/error/event_id"), "my \"event\"");
    EXPECT_EQ(event.at_pointer("/error/code"), "server_is_overloaded");
    EXPECT_TRUE(event.at_pointer("/error/message").as_string().ends_with("try again in 1500 ms"));
    EXPECT_TRUE(boost::json::parse(word_realtime_error(Reason::class_rate, "", "id", 0s))
                    .at_pointer("/error/event_id")
                    .is_null());
}

TEST(RealtimeEventId, IsACompleteString) {
    EXPECT_EQ(realtime_event_id("\"a\""), "\"a\"");
    EXPECT_EQ(realtime_event_id("7"), "");
    EXPECT_EQ(realtime_event_id(""), "");
    EXPECT_EQ(realtime_event_id("\"" + std::string(600, 'x') + "\""), "");
}

}  // namespace
}  // namespace weir::ai
