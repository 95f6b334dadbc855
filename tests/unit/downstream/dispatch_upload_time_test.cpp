// How long a body may take that is still at the client, and who is late.

#include <gtest/gtest.h>

#include "unit/downstream/dispatch_bed.hpp"

namespace weir::downstream {
namespace {

using test::DispatchBed;
using namespace std::chrono_literals;

class DispatchUploadTime : public testing::Test {
protected:
    DispatchUploadTime() { bed.backend_end->forget(); }
    DispatchBed bed;
};

TEST_F(DispatchUploadTime, EndsWhenTheClientPausesForTooLong) {
    bed.expect_body(http::Framing::length, 10);
    bed.client_end->says("01234");
    EXPECT_EQ(bed.go(), DispatchEnd::body_timed_out);
    EXPECT_EQ(bed.elapsed(), bed.limits().body_timeout);
}

TEST_F(DispatchUploadTime, HoldsAnEndpointThatTakesNothingToItsOwnTime) {
    bed.timeouts.idle = 40s;  // longer than the client's
    bed.expect_body(http::Framing::length, 10);
    bed.backend_end->room = DispatchBed::kHead.size();
    bed.client_end->says("01234");
    EXPECT_EQ(bed.go(), DispatchEnd::timed_out) << "the client could not send";
    EXPECT_EQ(bed.elapsed(), 40s);
    EXPECT_EQ(bed.dispatch->waited_since(), bed.began);
    EXPECT_TRUE(bed.dispatch->consumed_body()) << "what waits to be sent is not kept";
}

TEST_F(DispatchUploadTime, HoldsAnEndpointThatTakesNotEvenTheHeadToItsOwnTime) {
    bed.timeouts.idle = 40s;
    bed.expect_body(http::Framing::length, 10);
    bed.backend_end->room = 10;
    bed.then([&] { bed.pass(35s); });
    bed.then([&] { bed.backend_end->takes(1); });
    EXPECT_EQ(bed.go(), DispatchEnd::timed_out);
    EXPECT_EQ(bed.elapsed(), 75s);
}

TEST_F(DispatchUploadTime, GivesTheClientItsTimeAnewOnceTheEndpointTakesMore) {
    bed.limits().body_timeout = 4s;
    bed.timeouts.first_byte = 2s;
    bed.timeouts.idle = 60s;
    bed.expect_body(http::Framing::length, 10);
    bed.backend_end->room = DispatchBed::kHead.size();
    bed.client_end->says("01234");
    bed.then([&] { bed.pass(20s); });
    bed.then([&] { bed.backend_end->takes(100); });
    EXPECT_EQ(bed.go(), DispatchEnd::body_timed_out);
    EXPECT_EQ(bed.elapsed(), 24s);
}

}  // namespace
}  // namespace weir::downstream
