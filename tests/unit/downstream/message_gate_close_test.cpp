// What Weir itself says on a WebSocket, and where it may stand.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "downstream/websocket/message_gate.hpp"
#include "support/scripted_responses.hpp"
#include "unit/downstream/tunnel_bed.hpp"

namespace weir::downstream {
namespace {

using http::CloseCode;
using http::Opcode;
using test::closing;
using test::from_client;
using test::from_server;
using test::read_frames;

constexpr std::string_view kCreate = R"({"type":"response.create"})";

double half() { return 0.5; }

class MessageGateClose : public testing::Test {
protected:
    void close() { gate.close(CloseCode::going_away, "bye"); }
    [[nodiscard]] std::string client_got() const { return read_frames(gate.to_client(), false); }
    [[nodiscard]] std::string server_got() const { return read_frames(gate.to_server(), true); }

    test::ScriptedResponses responses{0xFF, 1};  // the first waits
    MessageGate gate{half, nullptr};
    MessageGate asking{half, &responses};
};

TEST_F(MessageGateClose, TellsBothSides) {
    close();
    EXPECT_EQ(client_got(), closing(CloseCode::going_away, "bye"));
    EXPECT_EQ(server_got(), closing(CloseCode::going_away, "bye"));
    EXPECT_TRUE(gate.closing());
}

TEST_F(MessageGateClose, TellsThemOnce) {
    close();
    gate.close(CloseCode::internal_error, "again");
    EXPECT_EQ(client_got(), closing(CloseCode::going_away, "bye"));
}

TEST_F(MessageGateClose, LeavesItToASideThatHasClosed) {
    const std::string frame = test::close_from_server(CloseCode::going_away, "own");
    gate.from_server(frame);
    EXPECT_TRUE(gate.closing());
    close();
    EXPECT_EQ(gate.to_client(), frame);
    EXPECT_EQ(gate.to_server(), "");
}

TEST_F(MessageGateClose, StandsBetweenTheFramesOfAMessageButWithinNone) {
    std::string first = from_server(Opcode::text, "part");
    first[0] = '\x01';  // more frames of this message follow
    gate.from_server(first);
    const std::string frame = from_client(Opcode::text, "whole");
    EXPECT_EQ(gate.from_client(std::string_view(frame).substr(0, 8)), "");
    close();
    EXPECT_EQ(client_got(), "1:part " + closing(CloseCode::going_away, "bye"));
    EXPECT_EQ(gate.to_server(), frame.substr(0, 8)) << "it is within a frame";
}

TEST_F(MessageGateClose, StandsBeforeAMessageOfWhichNothingHasPassed) {
    EXPECT_EQ(asking.from_client(from_client(Opcode::text, kCreate)), "");
    EXPECT_GT(asking.held(), 0U);
    asking.close(CloseCode::going_away, "bye");
    EXPECT_EQ(read_frames(asking.to_server(), true), closing(CloseCode::going_away, "bye"));
}

TEST_F(MessageGateClose, PassesControlFramesBetweenTheFramesOfAHeldMessage) {
    std::string first = from_client(Opcode::text, " ");
    first[0] = '\x01';
    EXPECT_EQ(asking.from_client(first + from_client(Opcode::ping, "p")), "");
    EXPECT_EQ(read_frames(asking.to_server(), true), "9:p ") << "its client wants an answer at once";
    EXPECT_EQ(asking.held(), first.size());
}

TEST_F(MessageGateClose, KeepsARefusalForTheEndOfTheServersMessage) {
    test::ScriptedResponses refusing(0);
    MessageGate refuses(half, &refusing);
    std::string first = from_server(Opcode::text, "part");
    first[0] = '\x01';
    refuses.from_server(first);
    EXPECT_EQ(refuses.from_client(from_client(Opcode::text, kCreate)), "");
    EXPECT_EQ(read_frames(refuses.to_client(), false), "1:part ");
    refuses.from_server(from_server(Opcode::continuation, "end"));
    EXPECT_EQ(read_frames(refuses.to_client(), false), "1:part 0:end 1:" + refusing.refusal() + " ");
}

TEST_F(MessageGateClose, ReadsNothingBehindAFault) {
    const std::string rest = from_client(Opcode::text, "after");
    const std::string bytes = from_server(Opcode::text, "not masked") + rest;
    EXPECT_EQ(gate.from_client(bytes), bytes);
    EXPECT_NE(gate.client_fault(), "");
    EXPECT_EQ(gate.from_client(rest), rest);
    EXPECT_EQ(gate.to_server(), "");
    gate.from_server(from_client(Opcode::text, "masked"));
    EXPECT_NE(gate.server_fault(), "");
    gate.from_server(from_server(Opcode::text, "after"));
    EXPECT_EQ(gate.to_client(), "");
}

TEST_F(MessageGateClose, CancelsAResponseThatNobodyAskedForWhereThereIsNoRoom) {
    test::ScriptedResponses refusing(0);
    MessageGate refuses(half, &refusing);
    const std::string created = R"({"type":"response.created"})";
    refuses.from_server(from_server(Opcode::text, created));
    EXPECT_EQ(read_frames(refuses.to_client(), false), "1:" + created + " 1:" + refusing.refusal() + " ");
    EXPECT_EQ(read_frames(refuses.to_server(), true), "1:" + std::string(ai::kRealtimeCancel) + " ");
}

}  // namespace
}  // namespace weir::downstream
