// How long a WebSocket may last, and what it is told at its end.

#include <gtest/gtest.h>

#include "unit/downstream/tunnel_bed.hpp"

namespace weir::downstream {
namespace {

using http::CloseCode;
using http::Opcode;
using test::closing;
using test::from_client;
using test::from_server;
using test::TunnelBed;
using namespace std::chrono_literals;

constexpr const char* kCreate = R"({"type":"response.create"})";

class TunnelTime : public testing::Test {
protected:
    void expect_both_told(CloseCode code, std::string_view why) const {
        EXPECT_EQ(bed.client_got(), closing(code, why));
        EXPECT_EQ(bed.server_got(), closing(code, why));
    }
    TunnelBed bed;
};

TEST_F(TunnelTime, EndsWhenNeitherSideSaysAnything) {
    EXPECT_EQ(bed.go(), Reason::admitted);
    EXPECT_EQ(bed.elapsed(), 300s);
    expect_both_told(CloseCode::going_away, "idle for too long");
}

TEST_F(TunnelTime, EndsAConnectionThatHoldsASlotAndOnlyPings) {
    for (const bool data : {false, true}) {
        TunnelBed used;
        used.then([&] { used.pass(200s); });
        used.then([&] { used.client_end->says(from_client(data ? Opcode::text : Opcode::ping, "x")); });
        EXPECT_EQ(used.go(), Reason::admitted);
        EXPECT_EQ(used.elapsed(), data ? 500s : 300s);
    }
}

TEST_F(TunnelTime, KeepsOneThatHoldsNoSlotForAPing) {
    bed.with_responses();
    bed.then([&] { bed.pass(200s); });
    bed.then([&] { bed.client_end->says(from_client(Opcode::ping, "x")); });
    EXPECT_EQ(bed.go(), Reason::admitted);
    EXPECT_EQ(bed.elapsed(), 500s);
}

TEST_F(TunnelTime, EndsWhenItHasBeenOpenForTooLong) {
    bed.options.end_by = bed.began + 100s;
    EXPECT_EQ(bed.go(), Reason::admitted);
    EXPECT_EQ(bed.elapsed(), 100s);
    expect_both_told(CloseCode::going_away, "open for too long");
}

TEST_F(TunnelTime, EndsAClientThatDoesNotRead) {
    bed.client_end->room = TunnelBed::kHead.size() + 3;
    bed.backend_end->says(from_server(Opcode::text, "hello"));
    EXPECT_EQ(bed.go(), Reason::client_stalled);
    EXPECT_EQ(bed.elapsed(), 30s);
    EXPECT_EQ(bed.server_got(), closing(CloseCode::going_away, "the client does not read"));
}

TEST_F(TunnelTime, EndsABackendThatDoesNotRead) {
    bed.backend_end->room = 3;
    bed.client_end->says(from_client(Opcode::text, "hello"));
    EXPECT_EQ(bed.go(), Reason::backend_timeout);
    EXPECT_EQ(bed.elapsed(), 30s);
    EXPECT_EQ(bed.client_got(), closing(CloseCode::internal_error, "the backend does not read"));
}

TEST_F(TunnelTime, DoesNotWaitForAClientThatReadsNothingOfItsEnd) {
    bed.client_end->room = TunnelBed::kHead.size();
    bed.then([&] { bed.backend_end->ends(); });
    EXPECT_EQ(bed.go(), Reason::client_stalled) << "its close frame did not reach it";
    EXPECT_EQ(bed.elapsed(), bed.limits().write_timeout);
}

TEST_F(TunnelTime, EndsWhenTheProcessDrainsUnlessAResponseIsUnderWay) {
    for (const bool busy : {false, true}) {
        TunnelBed draining;
        draining.with_responses();
        if (busy) draining.client_end->says(from_client(Opcode::text, kCreate));
        draining.then([&] {
            draining.state.draining = true;
            draining.client.waker.wake();
        });
        draining.then([&] {
            EXPECT_EQ(draining.inflight(), 1U);
            draining.backend_end->says(from_server(Opcode::text, R"({"type":"response.created"})") +
                                       from_server(Opcode::text, R"({"type":"response.done"})"));
        });
        EXPECT_EQ(draining.go(), Reason::admitted);
        EXPECT_TRUE(draining.client_got().ends_with(closing(CloseCode::going_away, "shutting down")));
        EXPECT_EQ(draining.elapsed(), Duration::zero());
        EXPECT_EQ(draining.recorder.records.size(), busy ? 1U : 0U);
    }
}

}  // namespace
}  // namespace weir::downstream
