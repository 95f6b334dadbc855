#include "downstream/connection.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/downstream/connection_bed.hpp"

namespace weir::downstream {
namespace {

using test::ConnectionBed;
using testing::HasSubstr;
using testing::StartsWith;
using namespace std::chrono_literals;

class ConnectionTest : public testing::Test {
protected:
    ConnectionBed bed;
};

TEST_F(ConnectionTest, ClosesWhenItHasBeenIdleForTooLong) {
    bed.accept();
    EXPECT_TRUE(bed.is_open());
    EXPECT_EQ(bed.state.connections, 1U);
    EXPECT_EQ(bed.last->timer.when(), bed.began + 75s);
    bed.wait();
    EXPECT_TRUE(bed.stream->shut);
    bed.stream->ends();
    bed.settle();
    EXPECT_FALSE(bed.is_open());
    EXPECT_EQ(bed.state.connections, 0U);
    EXPECT_EQ(bed.open.count(ConnectionBed::kListener), 0U);
    EXPECT_TRUE(bed.recorder.records.empty()) << "there was no request";
}

TEST_F(ConnectionTest, HoldsNothingWhileItIsIdle) {
    bed.accept();
    bed.says("GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(5000, 'x'));
    EXPECT_GT(bed.last->inbox.capacity(), 5000U);
    bed.says("\r\n\r\n");
    EXPECT_EQ(bed.recorder.records.size(), 1U);
    EXPECT_EQ(bed.last->inbox.capacity(), std::string().capacity());
    EXPECT_EQ(bed.open.resting(), 1U);
}

TEST_F(ConnectionTest, ClosesAtOnceWhenTheProcessDrains) {
    bed.accept();
    bed.state.draining = true;
    bed.open.nudge();
    bed.settle();
    EXPECT_TRUE(bed.stream->shut);
    bed.stream->ends();
    bed.settle();
    EXPECT_FALSE(bed.is_open());
    EXPECT_EQ(bed.elapsed(), Duration::zero());
}

TEST_F(ConnectionTest, RefusesAHeadThatDoesNotEndInTime) {
    bed.accept();
    bed.says("GET / HTTP/1.1\r\nHost: a\r\n");
    EXPECT_EQ(bed.last->timer.when(), bed.began + bed.limits().header_timeout);
    bed.pass(3s);
    bed.says("X: y\r\n");
    bed.wait();
    EXPECT_EQ(bed.elapsed(), bed.limits().header_timeout) << "counted from the first byte";
    EXPECT_THAT(bed.sent, StartsWith("HTTP/1.1 408 "));
    ASSERT_EQ(bed.recorder.records.size(), 1U);
    EXPECT_EQ(bed.recorder.records[0].reason, Reason::request_timeout);
}

TEST_F(ConnectionTest, RefusesAHeadWithinWhichTheClientEndsItsSending) {
    bed.accept();
    bed.says("GET / HTTP/1.1\r\nHost: a\r\n");
    bed.stream->ends();
    bed.settle();
    EXPECT_THAT(bed.sent, StartsWith("HTTP/1.1 400 "));
    EXPECT_FALSE(bed.is_open());
}

TEST_F(ConnectionTest, SaysNothingToAClientThatLeavesWithinAHead) {
    bed.accept();
    bed.says("GET / HTT");
    bed.stream->resets();
    bed.settle();
    EXPECT_EQ(bed.sent, "");
    EXPECT_FALSE(bed.is_open());
    EXPECT_TRUE(bed.recorder.records.empty());
}

TEST_F(ConnectionTest, ReadsAHeadThatComesByteByByte) {
    bed.accept();
    bed.stream->read_bite = 1;
    bed.stream->blocks_first = true;
    bed.says("GET  / HTTP/1.1\r\nHost: a\r\n\r\n");  // one space too many
    EXPECT_THAT(bed.sent, StartsWith("HTTP/1.1 400 "));
    EXPECT_EQ(bed.recorder.records.size(), 1U);
}

TEST_F(ConnectionTest, RefusesAHeadThatIsTooLong) {
    bed.limits().header_bytes = 100;
    bed.accept();
    bed.says("GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(200, 'x'));
    EXPECT_THAT(bed.sent, StartsWith("HTTP/1.1 431 "));
}

TEST_F(ConnectionTest, ServesWhatNoClassTakesAndGoesOn) {
    bed.accept();
    bed.says("GET /a HTTP/1.1\r\nHost: a\r\n\r\nGET /b HTTP/1.1\r\nHost: a\r\n\r\n");
    ASSERT_EQ(bed.recorder.records.size(), 2U);
    EXPECT_EQ(bed.recorder.records[1].reason, bed.recorder.records[0].reason);
    EXPECT_TRUE(bed.is_open());
    EXPECT_EQ(bed.open.resting(), 1U);
    EXPECT_EQ(bed.last->timer.when(), bed.began + 75s);
}

TEST_F(ConnectionTest, GivesTheClientTimeToReadItsLastAnswer) {
    bed.accept();
    bed.says("nonsense\r\n\r\n");
    EXPECT_THAT(bed.sent, HasSubstr("Connection: close"));
    EXPECT_TRUE(bed.stream->shut);
    EXPECT_TRUE(bed.is_open());
    bed.says("what it was still sending");
    EXPECT_TRUE(bed.is_open());
    EXPECT_EQ(bed.last->timer.when(), bed.began + 500ms);
    bed.wait();
    EXPECT_FALSE(bed.is_open());
}

TEST_F(ConnectionTest, ReadsNotForEverAfterItsLastAnswer) {
    bed.accept();
    bed.says("nonsense\r\n\r\n");
    bed.says(std::string(70 * 1024, 'x'));
    EXPECT_FALSE(bed.is_open());
    EXPECT_EQ(bed.elapsed(), Duration::zero());
}

TEST_F(ConnectionTest, IsClosedToMakeRoomWhileItRests) {
    bed.accept();
    EXPECT_TRUE(bed.open.close_longest_at_rest(ConnectionBed::kListener));
    bed.settle();
    EXPECT_FALSE(bed.is_open());
}

TEST_F(ConnectionTest, IsRefusedWhereItsClientHasItsShare) {
    bed.limits().connections_per_client = 1;
    const IpAddress peer = IpAddress::parse("192.0.2.1").value();
    bed.accept(peer);
    bed.accept(peer);
    EXPECT_THAT(bed.sent, StartsWith("HTTP/1.1 503 "));
    EXPECT_THAT(bed.recorder.refusals, testing::ElementsAre(telemetry::ConnectionRefusal::client_limit));
    bed.accept(IpAddress::parse("192.0.2.2").value());
    EXPECT_EQ(bed.sent, "") << "of another address";
}

}  // namespace
}  // namespace weir::downstream
