// A WebSocket over two streams, again and again, with each step of their I/O failing in each way.

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "support/faulty_stream.hpp"
#include "unit/downstream/tunnel_bed.hpp"

namespace weir::downstream {
namespace {

using http::Opcode;
using test::Fault;
using test::FaultPlan;
using test::FaultyStream;
using test::from_client;
using test::from_server;
using test::TunnelBed;
using namespace std::string_literals;

// A client asks for a response, the backend gives it, both close.
class FaultyTunnel {
public:
    FaultyTunnel(FaultPlan plan, std::size_t bite, bool waits) : plan_(std::move(plan)) {
        for (test::ScriptedStream* stream : {bed.client_end, bed.backend_end}) {
            stream->read_bite = stream->write_bite = bite;
            stream->blocks_first = true;
        }
        bed.with_responses();
        if (waits) bed.let_in();
        bed.client_end->says(up());
        if (waits) bed.then([this] { bed.release(); });
        bed.then([this] { bed.backend_end->says(down()); });
        bed.then([this] { bed.client_end->says(kBye); });
        bed.then([this] { bed.backend_end->says(kByeBack); });
        bed.then([this] { bed.backend_end->ends(); });
        reason = bed.go();
        if (bed.ticket.standing() == admission::Standing::running) bed.release();
    }

    static std::string up() {
        return from_client(Opcode::text, R"({"type":"response.create"})") + from_client(Opcode::ping, "p");
    }
    static std::string down() {
        return from_server(Opcode::pong, "p") + from_server(Opcode::text, R"({"type":"response.created"})") +
               from_server(Opcode::text, R"({"type":"response.done"})");
    }

    [[nodiscard]] bool reached() const { return plan_.reached; }
    [[nodiscard]] int steps() const { return plan_.steps; }
    [[nodiscard]] bool fault_hit_client() const { return !streams_[0]->is_sound(); }
    [[nodiscard]] int failed_writes() const { return streams_[0]->failed_writes() + streams_[1]->failed_writes(); }
    [[nodiscard]] std::string after_head() const {
        const std::string& got = bed.client_end->written;
        return got.size() < TunnelBed::kHead.size() ? std::string{} : got.substr(TunnelBed::kHead.size());
    }

    static inline const std::string kBye = from_client(Opcode::close, "\x03\xE8"s);
    static inline const std::string kByeBack = from_server(Opcode::close, "\x03\xE8"s);
    Reason reason{};

private:
    FaultPlan plan_;
    std::vector<FaultyStream*> streams_;  // the client's and the backend's

public:
    TunnelBed bed{1, [this](std::unique_ptr<net::ByteStream> inner) {
                      auto stream = std::make_unique<FaultyStream>(std::move(inner), plan_);
                      streams_.push_back(stream.get());
                      return stream;
                  }};
};

// What either side got is what the other one sent, up to some byte; a close frame of Weir's own may stand behind the
// last whole frame.
void expect_frames_in_step(std::string_view got, std::string_view sent, bool masked) {
    const std::string seen = test::read_frames(got, masked);
    const std::string all = test::read_frames(sent, masked);
    if (all.starts_with(seen)) return;
    const std::string before = seen.substr(0, std::min(seen.rfind("8:"), seen.size()));
    EXPECT_TRUE(all.starts_with(before) && (before.empty() || before.ends_with(' '))) << seen;
}

void expect_invariants(const FaultyTunnel& tunnel) {
    EXPECT_EQ(tunnel.bed.inflight(), 0U) << "a response holds its slot after its connection has ended";
    EXPECT_EQ(tunnel.bed.judge().counts(tunnel.bed.now).classes[0].waiting, 0U);
    EXPECT_LE(tunnel.bed.recorder.records.size(), 1U);
    EXPECT_LE(tunnel.failed_writes(), 2) << "it goes on writing to a side that has left";
    EXPECT_FALSE(tunnel.bed.slots->any());
    expect_frames_in_step(tunnel.after_head(), FaultyTunnel::down() + FaultyTunnel::kByeBack, false);
    expect_frames_in_step(tunnel.bed.backend_end->written, FaultyTunnel::up() + FaultyTunnel::kBye, true);
}

// Whose fault it was, unless either side had said before that it would leave.
void expect_right_reason(const FaultyTunnel& tunnel, Fault fault) {
    if (tunnel.reason == Reason::admitted) return;
    if (fault == Fault::silence) {
        const Reason expected = tunnel.fault_hit_client() ? Reason::client_stalled : Reason::backend_timeout;
        EXPECT_EQ(tunnel.reason, expected);
        return;
    }
    EXPECT_EQ(tunnel.reason, tunnel.fault_hit_client() ? Reason::client_gone : Reason::backend_died);
}

struct Case {
    const char* name;
    std::size_t bite;
    bool waits;
};

class TunnelEveryStep : public testing::TestWithParam<Case> {};

TEST_P(TunnelEveryStep, FailingInEveryWayLeavesNothingBehind) {
    const FaultyTunnel calm({}, GetParam().bite, GetParam().waits);
    ASSERT_EQ(calm.reason, Reason::admitted);
    ASSERT_EQ(calm.after_head(), FaultyTunnel::down() + FaultyTunnel::kByeBack);
    ASSERT_EQ(calm.bed.backend_end->written, FaultyTunnel::up() + FaultyTunnel::kBye);
    ASSERT_EQ(calm.bed.recorder.records.size(), 1U);
    expect_invariants(calm);
    int blamed = 0;
    for (const Fault fault : {Fault::reset, Fault::end, Fault::silence}) {
        for (int step = 1; step <= calm.steps(); ++step) {
            SCOPED_TRACE("fault " + std::to_string(static_cast<int>(fault)) + " at step " + std::to_string(step));
            const FaultyTunnel tunnel({.fail_at = step, .fault = fault}, GetParam().bite, GetParam().waits);
            ASSERT_TRUE(tunnel.reached());
            expect_invariants(tunnel);
            expect_right_reason(tunnel, fault);
            blamed += tunnel.reason != Reason::admitted ? 1 : 0;
            if (HasFailure()) return;
        }
    }
    EXPECT_GT(blamed, calm.steps()) << "most faults are somebody's";
}

INSTANTIATE_TEST_SUITE_P(WebSockets, TunnelEveryStep,
                         testing::Values(Case{"Whole", 1000, false}, Case{"InPieces", 10, false},
                                         Case{"Waiting", 20, true}),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace weir::downstream
