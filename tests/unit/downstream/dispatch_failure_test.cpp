// Requests that get no answer: whose fault that was, and whether they may be sent again.

#include <gtest/gtest.h>

#include "support/loop.hpp"
#include "support/sockets.hpp"
#include "unit/downstream/dispatch_bed.hpp"

namespace weir::downstream {
namespace {

using test::DispatchBed;
using namespace std::chrono_literals;

class DispatchFailure : public testing::Test {
protected:
    DispatchFailure() { bed.backend_end->forget(); }
    DispatchBed bed;
};

TEST_F(DispatchFailure, OfAConnectionThatLayIdleSaysNothingOfTheEndpoint) {
    bed.reuse_connection();
    bed.backend_end->ends();
    EXPECT_EQ(bed.go(), DispatchEnd::stale);
    EXPECT_FALSE(bed.dispatch->certainly_unprocessed()) << "all that was sent has arrived, and may have been read";
}

TEST_F(DispatchFailure, OfAFreshConnectionIsTheEndpoints) {
    bed.then([&] { bed.backend_end->resets(); });
    EXPECT_EQ(bed.go(), DispatchEnd::reset);
    EXPECT_FALSE(bed.dispatch->certainly_unprocessed());
}

TEST_F(DispatchFailure, WithinTheHeadIsTheEndpointsEvenIfTheConnectionLayIdle) {
    bed.reuse_connection();
    bed.backend_end->says("HTTP/1.1 2");
    bed.backend_end->ends();
    EXPECT_EQ(bed.go(), DispatchEnd::reset);
    EXPECT_FALSE(bed.dispatch->certainly_unprocessed());
}

TEST_F(DispatchFailure, BeforeAllWasSentLeftNothingToProcess) {
    bed.backend_end->room = 30;
    bed.then([&] { bed.backend_end->ends(); });
    EXPECT_EQ(bed.go(), DispatchEnd::reset);
    EXPECT_TRUE(bed.dispatch->certainly_unprocessed());
    EXPECT_FALSE(bed.dispatch->sent_all());
}

TEST_F(DispatchFailure, WithBytesThatNeverArrivedLeftNothingToProcess) {
    test::SocketPair pair = test::unix_pair();
    pair.near.send("the end of a request");  // it is not read at the far end
    bed.watch_backend(pair.near.release());
    bed.backend_end->ends();
    EXPECT_EQ(bed.go(), DispatchEnd::reset);
    EXPECT_TRUE(bed.dispatch->sent_all());
    EXPECT_TRUE(bed.dispatch->certainly_unprocessed());
}

TEST_F(DispatchFailure, IsATimeOutWhenNoAnswerComes) {
    bed.timeouts.first_byte = 20s;
    bed.then([&] { bed.backend_end->says("HTTP/1.1 200 OK\r\n"); });  // a beginning is no answer
    EXPECT_EQ(bed.go(), DispatchEnd::timed_out);
    EXPECT_EQ(bed.elapsed(), 20s);
    EXPECT_EQ(bed.dispatch->waited_since(), bed.began);
}

TEST_F(DispatchFailure, CountsTheTimeOutFromTheLastByteOfTheRequest) {
    bed.timeouts.first_byte = 20s;
    bed.backend_end->room = 30;
    bed.then([&] { bed.pass(8s); });
    bed.then([&] { bed.backend_end->takes(1000); });
    EXPECT_EQ(bed.go(), DispatchEnd::timed_out);
    EXPECT_EQ(bed.elapsed(), 28s);
    EXPECT_EQ(bed.dispatch->waited_since(), bed.began + 8s);
}

TEST_F(DispatchFailure, IsATimeOutWhenTheEndpointTakesNothing) {
    bed.backend_end->room = 30;
    EXPECT_EQ(bed.go(), DispatchEnd::timed_out);
    EXPECT_EQ(bed.elapsed(), bed.timeouts.idle);
}

TEST_F(DispatchFailure, IsOverdueWhenTheRequestAsAWholeTakesTooLong) {
    bed.timeouts.first_byte = 20s;
    bed.timeouts.total = 12s;
    EXPECT_EQ(bed.go(), DispatchEnd::overdue);
    EXPECT_EQ(bed.elapsed(), 12s);
}

TEST_F(DispatchFailure, IsTheClientsWhenItLeaves) {
    bed.then([&] { bed.client_end->resets(); });
    EXPECT_EQ(bed.go(), DispatchEnd::client_gone);
    EXPECT_EQ(bed.client_end->written, "");
}

TEST_F(DispatchFailure, IsNotWhatAClientMeansThatOnlyEndsItsSending) {
    bed.then([&] { bed.client_end->ends(); });
    bed.then([&] {
        EXPECT_EQ(bed.client_end->written, "HTTP/1.1 100 Continue\r\n\r\n") << "asked once whether it is there";
        bed.backend_end->says(DispatchBed::kAnswer);
    });
    EXPECT_EQ(bed.go(), DispatchEnd::answered);
}

TEST_F(DispatchFailure, IsBeingCutShortForABetterClass) {
    DispatchBed one(1);
    one.backend_end->forget();
    one.let_in();
    one.then([&] { one.evict(); });
    EXPECT_EQ(one.go(), DispatchEnd::evicted);
    EXPECT_EQ(one.ticket.eviction().reason, Reason::evicted);
}

TEST_F(DispatchFailure, BetweenHeadAndContentIsOneLikeAnyOther) {
    bed.request.holds_answer = true;
    bed.backend_end->says(DispatchBed::kAnswer);
    bed.then([&] { bed.backend_end->ends(); });
    EXPECT_EQ(bed.go(), DispatchEnd::reset);
    EXPECT_FALSE(bed.dispatch->certainly_unprocessed());
}

TEST_F(DispatchFailure, IsATimeOutWhenNoContentComesBehindAHead) {
    bed.request.holds_answer = true;
    bed.timeouts.idle = 100ms;
    bed.backend_end->says(DispatchBed::kAnswer);
    EXPECT_EQ(bed.go(), DispatchEnd::timed_out);
    EXPECT_TRUE(bed.dispatch->sent_all());
    EXPECT_EQ(bed.dispatch->waited_since(), bed.began);
}

TEST_F(DispatchFailure, WithinAShortAnswerIsOneLikeAnyOther) {
    bed.request.holds_answer = true;
    bed.backend_end->says(DispatchBed::kAnswer);
    bed.backend_end->says("12");
    bed.then([&] { bed.backend_end->says("34"); });
    bed.then([&] { bed.backend_end->ends(); });
    EXPECT_EQ(bed.go(), DispatchEnd::reset);
}

}  // namespace
}  // namespace weir::downstream
