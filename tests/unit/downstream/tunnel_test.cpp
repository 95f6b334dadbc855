#include "downstream/websocket/tunnel.hpp"

#include <gtest/gtest.h>

#include "unit/downstream/tunnel_bed.hpp"

namespace weir::downstream {
namespace {

using http::CloseCode;
using http::Opcode;
using test::close_from_server;
using test::closing;
using test::from_client;
using test::from_server;
using test::TunnelBed;
using namespace std::string_literals;

class TunnelTest : public testing::Test {
protected:
    // Both sides close, as RFC 6455 section 7 has it.
    void close_from_both() {
        bed.then([this] { bed.client_end->says(from_client(Opcode::close, "\x03\xE8"s)); });
        bed.then([this] { bed.backend_end->says(from_server(Opcode::close, "\x03\xE8"s)); });
        bed.then([this] { bed.backend_end->ends(); });
    }

    TunnelBed bed;
};

TEST_F(TunnelTest, SendsTheHeadAndWhatCameBehindIt) {
    close_from_both();
    EXPECT_EQ(bed.go(from_server(Opcode::text, "hello")), Reason::admitted);
    EXPECT_TRUE(bed.client_end->written.starts_with(TunnelBed::kHead));
    EXPECT_EQ(bed.client_got(), "1:hello 8:\x03\xE8 ");
}

TEST_F(TunnelTest, PassesFramesBothWaysAsTheyCame) {
    const std::string up = from_client(Opcode::text, "a") + from_client(Opcode::binary, std::string(70'000, 'b')) +
                           from_client(Opcode::ping, "p") + from_client(Opcode::pong, "q");
    const std::string down = from_server(Opcode::text, std::string(300, 'c')) + from_server(Opcode::ping, "r");
    bed.client_end->says(up);
    bed.backend_end->says(down);
    close_from_both();
    EXPECT_EQ(bed.go(), Reason::admitted);
    EXPECT_TRUE(bed.backend_end->written.starts_with(up));
    EXPECT_TRUE(bed.client_end->written.substr(TunnelBed::kHead.size()).starts_with(down));
    EXPECT_EQ(bed.tunnel->client_bytes(), up.size() + from_client(Opcode::close, "\x03\xE8"s).size());
    EXPECT_EQ(bed.tunnel->server_bytes(), down.size() + from_server(Opcode::close, "\x03\xE8"s).size());
}

TEST_F(TunnelTest, PassesWhatCameBehindTheRequestFirst) {
    bed.client.inbox = from_client(Opcode::text, "early");
    bed.client_end->says(from_client(Opcode::text, "late"));
    close_from_both();
    EXPECT_EQ(bed.go(), Reason::admitted);
    EXPECT_TRUE(bed.server_got().starts_with("1:early 1:late "));
}

TEST_F(TunnelTest, PassesEverythingByteByByte) {
    for (test::ScriptedStream* stream : {bed.client_end, bed.backend_end}) {
        stream->read_bite = stream->write_bite = 1;
        stream->blocks_first = true;
    }
    bed.client_end->says(from_client(Opcode::text, "up"));
    bed.backend_end->says(from_server(Opcode::text, "down"));
    close_from_both();
    EXPECT_EQ(bed.go(), Reason::admitted);
    EXPECT_EQ(bed.server_got(), "1:up 8:\x03\xE8 ");
    EXPECT_EQ(bed.client_got(), "1:down 8:\x03\xE8 ");
}

TEST_F(TunnelTest, ReadsNeitherSideFasterThanTheOtherTakesIt) {
    const std::string large = from_server(Opcode::binary, std::string(100'000, 'x'));
    bed.client_end->room = TunnelBed::kHead.size();
    bed.backend_end->says(large);
    bed.then([&] {
        EXPECT_GT(bed.recorder.held, 0);
        EXPECT_LE(bed.recorder.held, 32 * 1024);
        EXPECT_FALSE(bed.backend_end->all_read());
        bed.client_end->takes(200'000);
    });
    close_from_both();
    EXPECT_EQ(bed.go(), Reason::admitted);
    EXPECT_TRUE(bed.client_end->written.substr(TunnelBed::kHead.size()).starts_with(large));
    EXPECT_EQ(bed.recorder.held, 0);
}

TEST_F(TunnelTest, TellsTheClientThatTheBackendHasLeft) {
    for (const bool resets : {false, true}) {
        TunnelBed leaving;
        leaving.then([&] { resets ? leaving.backend_end->resets() : leaving.backend_end->ends(); });
        EXPECT_EQ(leaving.go(), Reason::backend_died);
        EXPECT_EQ(leaving.client_got(), closing(CloseCode::internal_error, "the backend left"));
    }
}

TEST_F(TunnelTest, TellsTheBackendThatTheClientHasLeft) {
    bed.then([&] { bed.client_end->ends(); });
    EXPECT_EQ(bed.go(), Reason::client_gone);
    EXPECT_EQ(bed.server_got(), closing(CloseCode::going_away, "the client left"));
    EXPECT_EQ(bed.client_end->written, TunnelBed::kHead) << "it has left";
}

TEST_F(TunnelTest, SendsNoCloseFrameIntoTheMiddleOfAnother) {
    const std::string half = from_client(Opcode::binary, "0123456789").substr(0, 9);
    bed.client_end->says(half);
    bed.then([&] { bed.client_end->resets(); });
    EXPECT_EQ(bed.go(), Reason::client_gone);
    EXPECT_EQ(bed.backend_end->written, half);
}

TEST_F(TunnelTest, IsNoFaultOfWhoeverLeavesAfterACloseFrame) {
    for (const bool client_first : {false, true}) {
        for (const bool resets : {false, true}) {
            TunnelBed leaving;
            test::ScriptedStream& end = client_first ? *leaving.client_end : *leaving.backend_end;
            leaving.then([&] {
                if (client_first) end.says(from_client(Opcode::close, "\x03\xE8"s));
                if (!client_first) end.says(from_server(Opcode::close, "\x03\xE8"s));
            });
            leaving.then([&] { resets ? end.resets() : end.ends(); });
            EXPECT_EQ(leaving.go(), Reason::admitted) << (client_first ? "the client" : "the backend");
        }
    }
}

TEST_F(TunnelTest, EndsAClientThatBreaksTheProtocol) {
    bed.client_end->says(from_server(Opcode::text, "not masked"));
    EXPECT_EQ(bed.go(), Reason::bad_request);
    const std::string told = closing(CloseCode::protocol_error, "a client's frame is not masked");
    EXPECT_EQ(bed.client_got(), told);
    EXPECT_EQ(bed.server_got(), told);
}

TEST_F(TunnelTest, EndsABackendThatBreaksTheProtocol) {
    bed.backend_end->says(from_client(Opcode::text, "masked"));
    EXPECT_EQ(bed.go(), Reason::backend_bad_response);
    EXPECT_EQ(bed.client_got(), closing(CloseCode::internal_error, "the backend broke the protocol"));
}

TEST_F(TunnelTest, TakesNoControlFrameThatIsLongerThanOneMayBe) {
    std::string ping("\x89\xFE\x00\x7E"s);
    ping.append(test::kMask.data(), 4).append(126, 'x');
    bed.client_end->says(ping);
    EXPECT_EQ(bed.go(), Reason::bad_request);
    EXPECT_TRUE(bed.server_got().starts_with("8:\x03\xEA"));
}

}  // namespace
}  // namespace weir::downstream
