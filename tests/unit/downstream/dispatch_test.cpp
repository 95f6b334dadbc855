#include "downstream/transfer/dispatch.hpp"

#include <gtest/gtest.h>

#include "unit/downstream/dispatch_bed.hpp"

namespace weir::downstream {
namespace {

using test::DispatchBed;

constexpr std::string_view kHints = "HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n";

TEST(Dispatch, SendsTheRequestAndEndsWithTheHeadOfTheAnswer) {
    DispatchBed bed;
    bed.body = SegmentedText("{\"model\":\"m\"}");
    bed.backend_end->says("hello");
    EXPECT_EQ(bed.go(), DispatchEnd::answered);
    EXPECT_EQ(bed.backend_end->written, std::string(DispatchBed::kHead) + "{\"model\":\"m\"}");
    EXPECT_EQ(bed.context.response_head().status, 200);
    EXPECT_EQ(bed.dispatch->rest(), "hello");
    EXPECT_TRUE(bed.dispatch->sent_all());
    EXPECT_FALSE(bed.dispatch->consumed_body());
    EXPECT_EQ(bed.client_end->written, "");
}

TEST(Dispatch, GoesOnFromWhereTheLastWriteEnded) {
    DispatchBed bed;
    bed.body = SegmentedText("0123456789");
    bed.backend_end->write_bite = 1;
    bed.backend_end->blocks_first = true;
    const std::string whole = std::string(DispatchBed::kHead) + "0123456789";
    bed.answer_after(whole, DispatchBed::kAnswer);
    EXPECT_EQ(bed.go(), DispatchEnd::answered);
    EXPECT_EQ(bed.backend_end->written, whole);
}

TEST(Dispatch, SendsABodyOfMoreSegmentsThanFitIntoOneWrite) {
    DispatchBed bed;
    std::string text(16 * SegmentedText::kLargestSegment, 'x');
    for (std::size_t i = 0; i < text.size(); i += 1000) text[i] = static_cast<char>('a' + i / 1000 % 26);
    bed.body.append(text);
    ASSERT_GT(bed.body.segments(), 16U);
    const std::string whole = std::string(DispatchBed::kHead) + text;
    bed.answer_after(whole, DispatchBed::kAnswer);
    EXPECT_EQ(bed.go(), DispatchEnd::answered);
    EXPECT_TRUE(bed.backend_end->written == whole);
}

TEST(Dispatch, ReadsAHeadThatComesByteByByte) {
    DispatchBed bed;
    bed.backend_end->read_bite = 1;
    bed.backend_end->blocks_first = true;
    EXPECT_EQ(bed.go(), DispatchEnd::answered);
    EXPECT_EQ(bed.context.response_head().content_length, 5U);
    EXPECT_EQ(bed.dispatch->rest(), "");
}

TEST(Dispatch, KnowsThatAnAnswerToHeadHasNoBody) {
    DispatchBed bed;
    bed.request.to_head = true;
    EXPECT_EQ(bed.go(), DispatchEnd::answered);
    EXPECT_EQ(bed.context.response_head().framing, http::Framing::none);
}

TEST(Dispatch, PassesInterimAnswersOnButFor100) {
    DispatchBed bed;
    bed.backend_end->forget();
    bed.backend_end->says("HTTP/1.1 100 Continue\r\n\r\n");
    bed.backend_end->says(kHints);
    bed.backend_end->says(DispatchBed::kAnswer);
    EXPECT_EQ(bed.go(), DispatchEnd::answered);
    EXPECT_EQ(bed.client_end->written, kHints);
    EXPECT_EQ(bed.context.response_head().status, 200);
}

TEST(Dispatch, SendsNoInterimAnswerToAnHttp10Client) {
    DispatchBed bed;
    bed.backend_end->forget();
    bed.backend_end->says(kHints);
    bed.backend_end->says(DispatchBed::kAnswer);
    EXPECT_EQ(bed.go(0), DispatchEnd::answered);
    EXPECT_EQ(bed.client_end->written, "");
}

TEST(Dispatch, DropsAnInterimAnswerThatTheClientHasNoRoomFor) {
    DispatchBed bed;
    bed.backend_end->forget();
    bed.backend_end->says(kHints);
    bed.backend_end->says(DispatchBed::kAnswer);
    bed.client_end->room = 0;
    EXPECT_EQ(bed.go(), DispatchEnd::answered);
}

TEST(Dispatch, EndsAClientThatGotHalfAnInterimAnswer) {
    DispatchBed bed;
    bed.backend_end->forget();
    bed.backend_end->says(kHints);
    bed.client_end->write_bite = 10;
    EXPECT_EQ(bed.go(), DispatchEnd::client_gone);
    EXPECT_LT(bed.client.source().fd(), 0) << "what follows would stand within the half";
}

TEST(Dispatch, TakesNothingButHttpForAnAnswer) {
    const std::string endless = "HTTP/1.1 200 OK\r\nX: " + std::string(70 * 1024, 'x');
    for (const std::string& bytes : {std::string("SSH-2.0-OpenSSH_9.2\r\n\r\n"), endless,
                                     std::string("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                                                 "Connection: upgrade\r\n\r\n")}) {
        DispatchBed bed;
        bed.backend_end->forget();
        bed.backend_end->says(bytes);
        EXPECT_EQ(bed.go(), DispatchEnd::bad_response) << bytes.substr(0, 40);
        EXPECT_FALSE(bed.dispatch->certainly_unprocessed());
        EXPECT_EQ(bed.client_end->written, "");
    }
}

TEST(Dispatch, TakesAnUpgradeThatWasAskedFor) {
    constexpr std::string_view kUpgrade =
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n";
    for (const bool extension : {false, true}) {
        DispatchBed bed;
        bed.request.upgrades = true;
        bed.backend_end->forget();
        bed.backend_end->says(kUpgrade);
        bed.backend_end->says(extension ? "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n" : "\r\n\x81\x01x");
        EXPECT_EQ(bed.go(), extension ? DispatchEnd::bad_response : DispatchEnd::answered);
        if (!extension) {
            EXPECT_EQ(bed.dispatch->rest(), "\x81\x01x") << "the first frame may come with the head";
        }
    }
}

TEST(Dispatch, TakesARefusalOfAnUpgradeForAnAnswer) {
    DispatchBed bed;
    bed.request.upgrades = true;
    bed.backend_end->forget();
    bed.backend_end->says("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n");
    EXPECT_EQ(bed.go(), DispatchEnd::answered);
    EXPECT_EQ(bed.context.response_head().status, 403);
}

}  // namespace
}  // namespace weir::downstream
