#include "downstream/message_gate.hpp"

#include <gtest/gtest.h>

#include "support/scripted_responses.hpp"

namespace weir::downstream {
namespace {

using http::Opcode;
using namespace std::string_literals;

constexpr std::string_view kCreate = R"({"type":"response.create"})";

std::string from_client(Opcode opcode, std::string_view payload, bool final = true) {
    constexpr std::array<char, 4> kMask{'m', 'a', 's', 'k'};
    std::string frame;
    http::append_frame(opcode, payload, &kMask, frame);
    if (!final) frame[0] = static_cast<char>(static_cast<unsigned char>(frame[0]) & 0x7F);
    return frame;
}

std::string from_server(std::string_view payload) {
    std::string frame;
    http::append_frame(Opcode::text, payload, nullptr, frame);
    return frame;
}

double half() { return 0.5; }

TEST(MessageGate, PassesWhatItIsGivenAndAsksForResponses) {
    test::ScriptedResponses responses;
    MessageGate gate(half, &responses);
    const std::string bytes = from_client(Opcode::text, R"({"type":"session.update"})") +
                              from_client(Opcode::text, kCreate) + from_client(Opcode::binary, "x");
    for (const char c : bytes) EXPECT_EQ(gate.from_client({&c, 1}), "");
    EXPECT_EQ(gate.to_server(), bytes);
    EXPECT_EQ(responses.log, "ask\n");
}

TEST(MessageGate, DropsARefusedMessageAndSaysSo) {
    test::ScriptedResponses responses(0);
    MessageGate gate(half, &responses);
    EXPECT_EQ(gate.from_client(from_client(Opcode::text, kCreate)), "");
    EXPECT_EQ(gate.to_server(), "");
    EXPECT_EQ(gate.to_client(), from_server(responses.refusal()));
}

TEST(MessageGate, KeepsEverythingBehindOneThatWaits) {
    test::ScriptedResponses responses(0xFF, 1);
    MessageGate gate(half, &responses);
    const std::string next = from_client(Opcode::text, "next");
    const std::string first = from_client(Opcode::text, kCreate);
    const std::string bytes = first + next;
    EXPECT_EQ(gate.from_client(bytes), next);
    EXPECT_EQ(gate.to_server(), "");
    gate.look();
    EXPECT_EQ(gate.to_server(), first);
}

TEST(MessageGate, HoldsNoMoreThanItsBoundOfAMessageThatSaysNothing) {
    for (const std::size_t size : {0U, 1U, 100U}) {
        test::ScriptedResponses responses;
        MessageGate gate(half, &responses);
        std::size_t fed = 0;
        Opcode opcode = Opcode::text;
        while (gate.to_server().empty() && fed < 1024 * 1024) {
            const std::string frame = from_client(opcode, std::string(size, ' '), false);
            EXPECT_EQ(gate.from_client(frame), "");
            fed += frame.size();
            opcode = Opcode::continuation;
        }
        EXPECT_LT(fed, 65U * 1024) << size;
        EXPECT_EQ(gate.to_server().size(), fed);
    }
}

TEST(MessageGate, EndsAClientThatAsksForMoreThanCanBeRefused) {
    test::ScriptedResponses responses(0);
    MessageGate gate(half, &responses);
    gate.from_server("\x01\x01{"s);  // a message that the server does not end: no refusal may stand within it
    const std::string ask = from_client(Opcode::text, kCreate);
    std::size_t asked = 0;
    while (gate.client_fault().empty() && ++asked < 100'000) (void)gate.from_client(ask);
    EXPECT_NE(gate.client_fault(), "");
    EXPECT_LT(asked * from_server(responses.refusal()).size(), 66U * 1024);
    EXPECT_EQ(gate.to_client(), "\x01\x01{"s);
}

TEST(MessageGate, TellsTheResponsesWhatTheServerDoes) {
    test::ScriptedResponses responses;
    MessageGate gate(half, &responses);
    const std::string bytes =
        from_server(R"({"type":"response.created"})") + from_server(R"({"type":"response.output_text.delta"})") +
        from_server(R"({"type":"response.done"})") + from_server(R"({"type":"error","error":{"event_id":"e1"}})");
    for (const char c : bytes) gate.from_server({&c, 1});
    EXPECT_EQ(gate.to_client(), bytes);
    EXPECT_EQ(responses.log, "created\ndelta\ndone\nrejected \"e1\"\n");
}

}  // namespace
}  // namespace weir::downstream
