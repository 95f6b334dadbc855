#include "downstream/transfer/relay.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "support/loop.hpp"
#include "unit/downstream/relay_bed.hpp"

namespace weir::downstream {
namespace {

using test::RelayBed;

TEST(Relay, SendsTheHeadWithTheFirstContentInOneWrite) {
    RelayBed bed;
    bed.by_length(11);
    int writes = 0;
    bed.client_end->on_write = [&](std::string_view /*bytes*/) { ++writes; };
    EXPECT_EQ(bed.go("hello world"), RelayEnd::complete);
    EXPECT_EQ(bed.sent(), "hello world");
    EXPECT_EQ(writes, 1);
    EXPECT_EQ(bed.relay->unsent(), "");
    EXPECT_EQ(bed.relay->content_bytes(), 11U);
    EXPECT_NE(bed.relay->first_content(), TimePoint{});
    EXPECT_EQ(bed.observer.calls, 1);
}

TEST(Relay, SendsTheHeadAtOnceWhereContentIsStillToCome) {
    RelayBed bed;
    bed.by_length(2);
    bed.then([&] {
        EXPECT_EQ(bed.client_end->written, RelayBed::kHead);
        EXPECT_EQ(bed.relay->first_content(), TimePoint{});
        bed.backend_end->says("ok");
    });
    EXPECT_EQ(bed.go(), RelayEnd::complete);
    EXPECT_EQ(bed.sent(), "ok");
}

TEST(Relay, SendsAnAnswerWithoutABody) {
    RelayBed bed;
    bed.body = http::BodyReader(http::Framing::none, 0);
    EXPECT_EQ(bed.go(), RelayEnd::complete);
    EXPECT_EQ(bed.client_end->written, RelayBed::kHead);
    EXPECT_EQ(bed.observer.calls, 1);
}

TEST(Relay, FramesChunksAnew) {
    RelayBed bed;
    bed.body = http::BodyReader(http::Framing::chunked, 0);
    bed.options.chunked_out = true;
    bed.backend_end->says("2;x=y\r\nfg\r\n0\r\nTrailer: x\r\n\r\n");
    EXPECT_EQ(bed.go("2\r\nab\r\n3\r\ncde\r\n"), RelayEnd::complete);
    EXPECT_EQ(bed.sent(), "5\r\nabcde\r\n2\r\nfg\r\n0\r\n\r\n");
}

TEST(Relay, TakesChunksOffForAClientThatKnowsNone) {
    RelayBed bed;
    bed.body = http::BodyReader(http::Framing::chunked, 0);
    EXPECT_EQ(bed.go("2\r\nab\r\n3\r\ncde\r\n0\r\n\r\n"), RelayEnd::complete);
    EXPECT_EQ(bed.sent(), "abcde");
}

TEST(Relay, EndsABodyThatEndsWithItsConnection) {
    for (const bool chunked : {false, true}) {
        RelayBed bed;
        bed.body = http::BodyReader(http::Framing::until_close, 0);
        bed.options.chunked_out = chunked;
        bed.backend_end->says("hello");
        bed.backend_end->ends();
        EXPECT_EQ(bed.go(), RelayEnd::complete);
        EXPECT_EQ(bed.sent() + std::string(bed.relay->unsent()), chunked ? "5\r\nhello\r\n0\r\n\r\n" : "hello");
        EXPECT_EQ(bed.observer.calls, 1);
    }
}

TEST(Relay, TellsOfTheEndBeforeItSendsTheLastBytes) {
    RelayBed bed;
    bed.by_length(5);
    bed.then([&] { bed.backend_end->says("lo"); });
    EXPECT_EQ(bed.go("hel"), RelayEnd::complete);
    EXPECT_EQ(bed.observer.written, std::string(RelayBed::kHead) + "hel");
    EXPECT_EQ(bed.sent(), "hello");
}

TEST(Relay, NoticesBytesBehindTheEndOfTheBody) {
    for (const char* more : {"", "HTTP/1.1 200 OK\r\n"}) {
        RelayBed bed;
        bed.by_length(2);
        EXPECT_EQ(bed.go(std::string("ok") + more), RelayEnd::complete);
        EXPECT_EQ(bed.sent(), "ok");
        EXPECT_EQ(bed.relay->excess(), *more != '\0');
    }
}

TEST(Relay, ReadsNoMoreThanTheClientTakes) {
    RelayBed bed;
    bed.by_length(30'000);
    bed.client_end->room = 100;
    bed.backend_end->read_bite = 10'000;
    bed.backend_end->says(std::string(30'000, 'x'));
    bed.then([&] {
        EXPECT_EQ(bed.recorder.held, 9919);
        EXPECT_FALSE(bed.backend_end->all_read());
        bed.client_end->takes(9919);
    });
    bed.then([&] { bed.client_end->takes(9'999); });
    bed.then([&] { bed.client_end->takes(1); });
    EXPECT_EQ(bed.go(), RelayEnd::complete);
    EXPECT_EQ(bed.recorder.most_held, 10'000);
    EXPECT_EQ(bed.relay->unsent().size(), 10'000U) << "what is left is sent once the endpoint is let go";
    bed.relay.reset();
    EXPECT_EQ(bed.recorder.held, 0);
}

TEST(Relay, LetsOthersRunWhileAnAnswerIsFast) {
    RelayBed bed;
    bed.by_length(1'000'000);
    std::size_t at_first_turn = 0;
    test::Probe other(bed.loop(), [&] { at_first_turn = bed.client_end->written.size(); });
    other.wake();
    bed.backend_end->says(std::string(1'000'000, 'x'));
    EXPECT_EQ(bed.go(), RelayEnd::complete);
    EXPECT_GT(at_first_turn, 100'000U);
    EXPECT_LT(at_first_turn, 400'000U);
}

TEST(Relay, SendsAShortAnswerAfterOthersThatWereWokenWithIt) {
    RelayBed bed;
    bed.by_length(5);
    bed.make();
    const std::string first = "hello";
    net::task<RelayEnd> running = bed.relay->run(first);
    test::Probe starts(bed.loop(), [&] { running.start(); });
    test::Probe other(bed.loop(), [&] {
        EXPECT_EQ(bed.client_end->written, "");
        std::fill_n(bed.loop().scratch().data(), first.size(), '-');
    });
    starts.wake();
    other.wake();
    bed.loop().turn_at(bed.now);
    bed.loop().turn_at(bed.now);
    ASSERT_TRUE(running.done());
    EXPECT_EQ(bed.sent(), "hello");
}

}  // namespace
}  // namespace weir::downstream
