// Streams of events: what is counted, what is taken out, and where something may be added.

#include <gtest/gtest.h>

#include "unit/downstream/relay_bed.hpp"

namespace weir::downstream {
namespace {

using test::chunk;
using test::RelayBed;
using namespace std::chrono_literals;

constexpr std::string_view kUsage =
    "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":2}}\n\n";
constexpr std::string_view kDone = "data: [DONE]\n\n";

std::string word(std::string_view text) {
    return "data: {\"choices\":[{\"delta\":{\"content\":\"" + std::string(text) + "\"}}]}\n\n";
}

// Content of an answer in chunks.
std::string unchunked(std::string_view text) {
    std::string content;
    http::BodyReader reader(http::Framing::chunked, 0);
    while (!text.empty() && !reader.done()) {
        const http::BodyReader::Piece piece = reader.next(text);
        EXPECT_FALSE(piece.failed);
        content.append(piece.content);
        text.remove_prefix(piece.consumed);
    }
    EXPECT_TRUE(reader.done());
    return content;
}

TEST(RelayOfEvents, CountsThemAndPassesThemAsTheyAre) {
    RelayBed bed;
    bed.let_in();
    bed.as_events();
    const std::string text = word("one") + word("two") + std::string(kUsage) + std::string(kDone);
    bed.backend_end->says(chunk(text) + "0\r\n\r\n");
    bed.backend_end->read_bite = 7;
    EXPECT_EQ(bed.go(), RelayEnd::complete);
    EXPECT_EQ(unchunked(bed.sent()), text);
    EXPECT_EQ(bed.progress.counted(), 2U);
    EXPECT_EQ(bed.progress.usage().output, 2U);
    EXPECT_FALSE(bed.relay->within_event());
}

TEST(RelayOfEvents, TakesOutTheUsageThatOnlyWeirAskedFor) {
    const std::string kept = word("one") + std::string(kDone);
    const std::string text = word("one") + std::string(kUsage) + std::string(kDone);
    for (const std::size_t bite : {std::size_t{1}, std::size_t{40}, std::size_t{10'000}}) {
        RelayBed bed;
        bed.let_in();
        bed.as_events(http::Framing::chunked, true);
        bed.backend_end->says(chunk(text) + "0\r\n\r\n");
        bed.backend_end->read_bite = bite;
        EXPECT_EQ(bed.go(), RelayEnd::complete);
        EXPECT_EQ(unchunked(bed.sent()), kept) << bite;
        EXPECT_EQ(bed.progress.usage().input, 5U);
    }
}

TEST(RelayOfEvents, LosesNothingThatItHeldBackWhenTheStreamEnds) {
    const std::string text = word("one") + std::string(kUsage.substr(0, 30));
    for (const bool at_close : {false, true}) {
        RelayBed bed;
        bed.let_in();
        bed.as_events(at_close ? http::Framing::until_close : http::Framing::chunked, true);
        bed.backend_end->says(at_close ? text : chunk(text) + "0\r\n\r\n");
        bed.backend_end->ends();
        EXPECT_EQ(bed.go(), RelayEnd::complete);
        EXPECT_EQ(unchunked(bed.sent() + std::string(bed.relay->unsent())), text);
        EXPECT_TRUE(bed.relay->within_event());
    }
}

TEST(RelayOfEvents, AddsAnEventBehindOneThatWasCut) {
    RelayBed bed;
    bed.let_in();
    bed.as_events();
    bed.backend_end->says(chunk("data: {\"a\""));
    bed.backend_end->ends();
    EXPECT_EQ(bed.go(), RelayEnd::backend_died);
    EXPECT_TRUE(bed.relay->can_add_event());
    EXPECT_TRUE(bed.relay->within_event());
    bed.relay->add("\n\ndata: error\n\n");
    EXPECT_EQ(bed.relay->unsent(), chunk("\n\ndata: error\n\n"));
    EXPECT_EQ(bed.recorder.held, static_cast<std::int64_t>(bed.relay->unsent().size()));
    EXPECT_EQ(bed.observer.calls, 0) << "it never was in";
}

TEST(RelayOfEvents, AddsNoneWhereTheClientCouldNotTell) {
    for (const bool chunked : {false, true}) {
        RelayBed bed;
        bed.as_events();
        bed.options.chunked_out = chunked;
        bed.options.event_stream = !chunked;
        bed.make();
        EXPECT_FALSE(bed.relay->can_add_event());
    }
}

TEST(RelayOfEvents, AsksAClientThatEndedItsSendingWhetherItIsThere) {
    RelayBed bed;
    bed.let_in();
    bed.as_events();
    bed.backend_end->says(chunk(word("one")));
    bed.then([&] { bed.client_end->ends(); });
    bed.then([&] {
        EXPECT_EQ(bed.sent(), chunk(word("one")) + "3\r\n:\n\n\r\n");
        bed.backend_end->says(chunk(kDone) + "0\r\n\r\n");
    });
    EXPECT_EQ(bed.go(), RelayEnd::complete);
    EXPECT_EQ(unchunked(bed.sent()), word("one") + ":\n\n" + std::string(kDone)) << "once";
}

TEST(RelayOfEvents, AsksNothingWithinAnEvent) {
    RelayBed bed;
    bed.let_in();
    bed.as_events();
    bed.backend_end->says(chunk("data: {"));
    bed.then([&] { bed.client_end->ends(); });
    bed.then([&] {
        EXPECT_EQ(bed.sent(), chunk("data: {"));
        bed.backend_end->says(chunk("}\n\n"));
    });
    bed.then([&] {
        EXPECT_TRUE(bed.sent().ends_with(Presence::kChunkedComment));
        bed.backend_end->says("0\r\n\r\n");
    });
    EXPECT_EQ(bed.go(), RelayEnd::complete);
    EXPECT_EQ(unchunked(bed.sent()), "data: {}\n\n:\n\n");
}

TEST(RelayOfEvents, TellsTheJudgeThatTheAnswerHasBegun) {
    RelayBed bed;
    admission::Ask ask = test::make_ask(0);
    ask.prompt_tokens = 100;
    ask.streams = true;
    bed.let_in(ask);
    bed.as_events();
    EXPECT_EQ(bed.judge().counts(bed.now).endpoints[0].prompt_tokens, 100U);
    bed.backend_end->says(chunk(word("one")));
    bed.then([&] {
        EXPECT_EQ(bed.judge().counts(bed.now).endpoints[0].prompt_tokens, 0U);
        bed.backend_end->says("0\r\n\r\n");
    });
    EXPECT_EQ(bed.go(), RelayEnd::complete);
}

}  // namespace
}  // namespace weir::downstream
