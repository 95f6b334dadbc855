// A Realtime connection: its responses hold slots, and the connection none.

#include <gmock/gmock.h>
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
using testing::HasSubstr;
using namespace std::chrono_literals;

class TunnelResponses : public testing::Test {
protected:
    TunnelResponses() { bed.with_responses(); }

    void ask() { bed.client_end->says(from_client(Opcode::text, R"({"type":"response.create"})")); }
    void server_says(std::string_view event) { bed.backend_end->says(from_server(Opcode::text, event)); }
    [[nodiscard]] const telemetry::Record& record(std::size_t at = 0) const { return bed.recorder.records.at(at); }

    TunnelBed bed{1};
};

TEST_F(TunnelResponses, HoldASlotFromTheirQuestionToTheirEnd) {
    EXPECT_EQ(bed.inflight(), 0U);
    bed.then([&] { ask(); });
    bed.then([&] {
        EXPECT_EQ(bed.inflight(), 1U);
        server_says(R"({"type":"response.created"})");
        server_says(R"({"type":"response.done","response":{"usage":{"input_tokens":5,"output_tokens":7}}})");
    });
    bed.then([&] {
        EXPECT_EQ(bed.inflight(), 0U);
        bed.backend_end->ends();
    });
    EXPECT_EQ(bed.go(), Reason::backend_died);
    ASSERT_EQ(bed.recorder.records.size(), 1U);
    EXPECT_EQ(record().reason, Reason::admitted);
    EXPECT_EQ(record().status, 200);
    EXPECT_EQ(record().tokens_in.tokens, 5U);
    EXPECT_EQ(record().tokens_out.tokens, 7U);
}

TEST_F(TunnelResponses, WaitForASlotAndKeepWhatComesBehindThem) {
    bed.let_in();
    ask();
    bed.client_end->says(from_client(Opcode::text, R"({"type":"session.update"})"));
    bed.then([&] {
        EXPECT_EQ(bed.server_got(), "") << "it waits, and so does what follows";
        bed.release();
    });
    bed.then([&] {
        EXPECT_EQ(bed.server_got(), R"(1:{"type":"response.create"} 1:{"type":"session.update"} )");
        bed.backend_end->ends();
    });
    EXPECT_EQ(bed.go(), Reason::backend_died);
    EXPECT_EQ(record().reason, Reason::backend_died) << "it was open when its connection ended";
}

TEST_F(TunnelResponses, AreRefusedWhenTheyHaveWaitedForTooLong) {
    bed.let_in();
    ask();
    bed.options.idle = 20s;
    EXPECT_EQ(bed.go(), Reason::admitted);
    EXPECT_EQ(bed.server_got(), closing(CloseCode::going_away, "idle for too long"));
    EXPECT_THAT(bed.client_got(), HasSubstr(R"("type":"error")"));
    EXPECT_EQ(record().reason, Reason::patience_expired);
    EXPECT_EQ(bed.elapsed(), 20s);
}

TEST_F(TunnelResponses, LeaveTheLineWhenTheirClientDoes) {
    bed.let_in();
    ask();
    bed.then([&] {
        EXPECT_EQ(bed.judge().counts(bed.now).classes[0].waiting, 1U);
        bed.client_end->ends();
    });
    EXPECT_EQ(bed.go(), Reason::client_gone);
    EXPECT_EQ(bed.judge().counts(bed.now).classes[0].waiting, 0U);
    EXPECT_EQ(record().reason, Reason::client_gone);
}

TEST_F(TunnelResponses, AreCancelledWhenTheirTimeIsOver) {
    bed.options.idle = 1000s;
    ask();
    server_says(R"({"type":"response.created"})");
    bed.then([&] {
        EXPECT_EQ(bed.inflight(), 1U);
        bed.pass(600s);
        bed.client.waker.wake();
    });
    bed.then([&] {
        EXPECT_EQ(bed.server_got(), R"(1:{"type":"response.create"} 1:{"type":"response.cancel"} )");
        EXPECT_EQ(bed.inflight(), 0U);
        bed.backend_end->ends();
    });
    EXPECT_EQ(bed.go(), Reason::backend_died);
    EXPECT_EQ(record().reason, Reason::total_timeout);
    EXPECT_EQ(record().status, 504);
}

TEST_F(TunnelResponses, ThatNobodyAskedForAreCancelledWhereThereIsNoRoom) {
    bed.let_in();
    server_says(R"({"type":"response.created"})");
    bed.then([&] {
        EXPECT_EQ(bed.server_got(), R"(1:{"type":"response.cancel"} )");
        EXPECT_THAT(bed.client_got(), HasSubstr(R"("type":"error")"));
        bed.backend_end->ends();
    });
    EXPECT_EQ(bed.go(), Reason::backend_died);
    EXPECT_EQ(bed.inflight(), 1U) << "that of another request alone";
}

}  // namespace
}  // namespace weir::downstream
