// Answers that break off, and on which side.

#include <gtest/gtest.h>

#include "unit/downstream/relay_bed.hpp"

namespace weir::downstream {
namespace {

using test::chunk;
using test::RelayBed;
using namespace std::chrono_literals;

class RelayFailure : public testing::Test {
protected:
    RelayFailure() { bed.by_length(10); }
    RelayBed bed;
};

TEST_F(RelayFailure, IsTheEndpointsWhenItClosesWithinTheAnswer) {
    for (const bool resets : {false, true}) {
        RelayBed closing;
        closing.by_length(10);
        closing.then([&] { resets ? closing.backend_end->resets() : closing.backend_end->ends(); });
        EXPECT_EQ(closing.go("01234"), RelayEnd::backend_died);
        EXPECT_EQ(closing.sent(), "01234");
        EXPECT_EQ(closing.observer.calls, 0);
        EXPECT_FALSE(closing.relay->can_add_event());
    }
}

TEST_F(RelayFailure, LeavesChunksWithoutTheLastOne) {
    bed.as_events();
    bed.options.event_stream = false;
    bed.let_in();
    bed.backend_end->ends();
    EXPECT_EQ(bed.go(chunk("ab") + "5\r\ncd"), RelayEnd::backend_died);
    EXPECT_EQ(bed.sent(), chunk("abcd")) << "a last chunk would make it look whole";
}

TEST_F(RelayFailure, PassesWhatCameBeforeBrokenFraming) {
    bed.body = http::BodyReader(http::Framing::chunked, 0);
    EXPECT_EQ(bed.go(chunk("ab") + "zz\r\n"), RelayEnd::backend_died);
    EXPECT_EQ(bed.sent(), "ab");
}

TEST_F(RelayFailure, PassesWhatCameBeforeFramingThatBreaksLater) {
    bed.body = http::BodyReader(http::Framing::chunked, 0);
    bed.then([&] { bed.backend_end->says(chunk("cd") + "-1\r\n"); });
    EXPECT_EQ(bed.go(chunk("ab")), RelayEnd::backend_died);
    EXPECT_EQ(bed.sent(), "abcd");
}

TEST_F(RelayFailure, IsAStallWhenTheEndpointSaysNothing) {
    bed.then([&] { bed.pass(20s); });
    bed.then([&] { bed.backend_end->says("5"); });
    EXPECT_EQ(bed.go("01234"), RelayEnd::backend_stalled);
    EXPECT_EQ(bed.elapsed(), 80s);
    EXPECT_EQ(bed.relay->heard_at(), bed.began + 20s);
    EXPECT_EQ(bed.endpoint.heard_at(), bed.began + 20s);
}

TEST_F(RelayFailure, IsTheClientsWhenItReadsNothing) {
    bed.client_end->room = 21;
    bed.then([&] { bed.pass(20s); });
    bed.then([&] { bed.client_end->takes(1); });
    EXPECT_EQ(bed.go("01234"), RelayEnd::client_stalled);
    EXPECT_EQ(bed.elapsed(), 20s + bed.limits().write_timeout);
    EXPECT_EQ(bed.sent(), "012");
}

TEST_F(RelayFailure, DoesNotHoldASlowClientAgainstTheEndpoint) {
    bed.limits().write_timeout = 100s;
    bed.client_end->room = 21;
    bed.then([&] { bed.pass(90s); });
    bed.then([&] { bed.client_end->takes(1000); });
    EXPECT_EQ(bed.go("01234"), RelayEnd::backend_stalled);
    EXPECT_EQ(bed.elapsed(), 150s) << "its time began when the client had taken all";
}

TEST_F(RelayFailure, IsOverdueAtTheEndOfTheRequestsTime) {
    bed.options.total_deadline = bed.began + 12s;
    EXPECT_EQ(bed.go("01234"), RelayEnd::overdue);
    EXPECT_EQ(bed.elapsed(), 12s);
}

TEST_F(RelayFailure, IsTheClientsWhenItLeaves) {
    bed.then([&] { bed.client_end->resets(); });
    EXPECT_EQ(bed.go("01234"), RelayEnd::client_gone);
    EXPECT_EQ(bed.sent(), "01234");
    EXPECT_EQ(bed.observer.calls, 0);
}

TEST_F(RelayFailure, IsTheClientsWhenTheLastWriteMeetsAReset) {
    bed.client_end->resets();
    EXPECT_EQ(bed.go("0123456789"), RelayEnd::client_gone);
    EXPECT_EQ(bed.observer.calls, 1) << "the answer was in, whoever had left";
}

TEST_F(RelayFailure, IsBeingCutShortForABetterClass) {
    RelayBed one(1);
    one.by_length(10);
    one.let_in();
    one.then([&] { one.evict(); });
    EXPECT_EQ(one.go("01234"), RelayEnd::evicted);
    EXPECT_EQ(one.sent(), "01234");
}

TEST_F(RelayFailure, LeavesNothingHeld) {
    bed.client_end->room = 0;
    EXPECT_EQ(bed.go("01234"), RelayEnd::client_stalled);
    EXPECT_GT(bed.recorder.held, 0);
    bed.relay.reset();
    EXPECT_EQ(bed.recorder.held, 0);
}

}  // namespace
}  // namespace weir::downstream
