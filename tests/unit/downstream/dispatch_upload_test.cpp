// Bodies that are still at the client when the request is sent.

#include <gtest/gtest.h>

#include "support/loop.hpp"
#include "unit/downstream/dispatch_bed.hpp"

namespace weir::downstream {
namespace {

using test::DispatchBed;

class DispatchUpload : public testing::Test {
protected:
    DispatchUpload() { bed.backend_end->forget(); }

    std::string sent_body() const { return bed.backend_end->written.substr(DispatchBed::kHead.size()); }

    DispatchBed bed;
};

TEST_F(DispatchUpload, PassesABodyOnWhileItComes) {
    bed.expect_body(http::Framing::length, 10);
    bed.client_end->says("01234");
    bed.then([&] {
        EXPECT_EQ(sent_body(), "01234");
        bed.client_end->says("56789GET");
    });
    bed.then([&] {
        EXPECT_TRUE(bed.dispatch->sent_all());
        bed.backend_end->says(DispatchBed::kAnswer);
    });
    EXPECT_EQ(bed.go(), DispatchEnd::answered);
    EXPECT_EQ(sent_body(), "0123456789");
    EXPECT_TRUE(bed.dispatch->consumed_body());
    EXPECT_EQ(bed.client.inbox, "GET") << "the next request stays where it is";
}

TEST_F(DispatchUpload, TakesWhatCameWithTheHeadFirst) {
    bed.expect_body(http::Framing::length, 4);
    bed.client.inbox = "ab";
    bed.client_end->says("cd");
    bed.answer_after(std::string(DispatchBed::kHead) + "abcd", DispatchBed::kAnswer);
    EXPECT_EQ(bed.go(), DispatchEnd::answered);
    EXPECT_EQ(sent_body(), "abcd");
}

TEST_F(DispatchUpload, FramesChunksAnew) {
    bed.expect_body(http::Framing::chunked);
    bed.client_end->says("1;name=value\r\na\r\n1\r\nb\r\n");
    bed.then([&] {
        EXPECT_EQ(sent_body(), "2\r\nab\r\n");
        bed.client_end->says("3\r\ncde\r\n0\r\nTrailer: x\r\n\r\n");
    });
    bed.then([&] { bed.backend_end->says(DispatchBed::kAnswer); });
    EXPECT_EQ(bed.go(), DispatchEnd::answered);
    EXPECT_EQ(sent_body(), "2\r\nab\r\n3\r\ncde\r\n0\r\n\r\n");
}

TEST_F(DispatchUpload, SendsThePartThatIsHereAsAChunkOfItsOwn) {
    bed.body = SegmentedText("0123456789");
    bed.backend_end->write_bite = 1;
    bed.expect_body(http::Framing::chunked);
    bed.client_end->says("1\r\nx\r\n0\r\n\r\n");
    bed.answer_after(std::string(DispatchBed::kHead) + "a\r\n0123456789\r\n1\r\nx\r\n0\r\n\r\n", DispatchBed::kAnswer);
    EXPECT_EQ(bed.go(), DispatchEnd::answered);
    EXPECT_TRUE(bed.dispatch->sent_all());
}

TEST_F(DispatchUpload, CannotBeRepeatedOnceBytesWereTakenThoughNoneWasSent) {
    bed.expect_body(http::Framing::length, 10);
    bed.backend_end->room = DispatchBed::kHead.size();
    bed.client_end->says("01234");
    bed.then([&] { bed.backend_end->resets(); });
    EXPECT_EQ(bed.go(), DispatchEnd::reset);
    EXPECT_EQ(sent_body(), "");
    EXPECT_TRUE(bed.dispatch->consumed_body());
}

TEST_F(DispatchUpload, EndsWithAnAnswerThatDoesNotWaitForTheBody) {
    bed.expect_body(http::Framing::length, 10);
    bed.client_end->says("01234");
    bed.then([&] { bed.backend_end->says("HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\n\r\n"); });
    EXPECT_EQ(bed.go(), DispatchEnd::answered);
    EXPECT_EQ(bed.context.response_head().status, 413);
    EXPECT_FALSE(bed.dispatch->sent_all()) << "the connection cannot be used again";
}

TEST_F(DispatchUpload, ReadsAnAnswerOfAnEndpointThatTakesNoMore) {
    bed.expect_body(http::Framing::length, 10);
    bed.backend_end->room = DispatchBed::kHead.size() + 3;
    bed.client_end->says("0123456789");
    bed.then([&] { bed.backend_end->says(DispatchBed::kAnswer); });
    EXPECT_EQ(bed.go(), DispatchEnd::answered);
    EXPECT_EQ(sent_body(), "012");
    EXPECT_FALSE(bed.dispatch->sent_all());
}

TEST_F(DispatchUpload, KnowsThatAllHasGoneBeforeItReadsOn) {
    bed.expect_body(http::Framing::length, 5);
    bed.client_end->says("01234");
    bed.backend_end->on_write = [&](std::string_view /*bytes*/) {
        if (bed.backend_end->written.ends_with("01234")) bed.backend_end->resets();
    };
    EXPECT_EQ(bed.go(), DispatchEnd::reset);
    EXPECT_TRUE(bed.dispatch->sent_all());
    EXPECT_FALSE(bed.dispatch->certainly_unprocessed()) << "the endpoint may have read it";
}

TEST_F(DispatchUpload, EndsWhenTheFramingBreaks) {
    bed.expect_body(http::Framing::chunked);
    bed.client_end->says("2\r\nab\r\nzz\r\n");
    EXPECT_EQ(bed.go(), DispatchEnd::bad_body);
    EXPECT_EQ(sent_body(), "");
    EXPECT_FALSE(bed.dispatch->consumed_body());
}

TEST_F(DispatchUpload, EndsWhenTheBodyIsLongerThanTheListenerTakes) {
    bed.limits().body_bytes = 8;
    bed.expect_body(http::Framing::chunked);
    bed.client_end->says("8\r\n01234567\r\n");
    bed.then([&] { bed.client_end->says("1\r\n8\r\n"); });
    EXPECT_EQ(bed.go(), DispatchEnd::body_too_large);
    EXPECT_EQ(sent_body(), "8\r\n01234567\r\n");
    EXPECT_TRUE(bed.dispatch->consumed_body());
}

TEST_F(DispatchUpload, EndsWhenTheClientLeavesWithinTheBody) {
    for (const bool resets : {false, true}) {
        DispatchBed leaving;
        leaving.backend_end->forget();
        leaving.expect_body(http::Framing::length, 10);
        leaving.client_end->says("01234");
        leaving.then([&] { resets ? leaving.client_end->resets() : leaving.client_end->ends(); });
        EXPECT_EQ(leaving.go(), DispatchEnd::client_gone);
    }
}

TEST_F(DispatchUpload, LetsOthersRunWhileAnUploadIsFast) {
    const std::string body(1'000'000, 'x');
    bed.limits().body_bytes = body.size();
    bed.expect_body(http::Framing::length, body.size());
    std::size_t at_first_turn = 0;
    test::Probe other(bed.loop(), [&] { at_first_turn = bed.backend_end->written.size(); });
    other.wake();
    bed.client_end->read_bite = 10'000;
    bed.client_end->says(body);
    bed.then([&] { bed.backend_end->says(DispatchBed::kAnswer); });
    EXPECT_EQ(bed.go(), DispatchEnd::answered);
    EXPECT_GT(at_first_turn, 0U);
    EXPECT_LT(at_first_turn, 200'000U);
    EXPECT_TRUE(sent_body() == body);
}

}  // namespace
}  // namespace weir::downstream
