#include "downstream/websocket/message_gate.hpp"

#include <gmock/gmock.h>
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

TEST(MessageGate, TellsMessagesThatBringSomethingFromPings) {
    MessageGate gate(half, nullptr);
    EXPECT_EQ(gate.from_client(from_client(Opcode::ping, "here") + from_client(Opcode::pong, "")), "");
    EXPECT_EQ(gate.from_client(from_client(Opcode::text, "")), "");
    EXPECT_FALSE(gate.take_data());
    EXPECT_EQ(gate.from_client(from_client(Opcode::text, "x")), "");
    EXPECT_TRUE(gate.take_data());
    EXPECT_FALSE(gate.take_data());
    gate.from_server(from_server("y"));
    EXPECT_TRUE(gate.take_data());
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
        Opcode opcode = size == 1 ? Opcode::binary : Opcode::text;
        for (std::size_t fed = 0; fed < 256 * 1024;) {
            const std::string frame = from_client(opcode, std::string(size, ' '), false);
            EXPECT_EQ(gate.from_client(frame), "");
            fed += frame.size();
            ASSERT_LT(gate.held(), 65U * 1024) << size;
            opcode = Opcode::continuation;
        }
        EXPECT_EQ(gate.to_server(), "");
        gate.from_server("\x81\x00"s);
        EXPECT_THAT(gate.to_client(), testing::HasSubstr("invalid_request_error"));
    }
}

TEST(MessageGate, KnowsAnEventInEverySpelling) {
    for (const char* create : {R"({"type":"response.cre\u0061te"})", R"({"t\u0079pe":"response.create"})",
                               R"({"event_id":"e","response":{"type":"x"},"type":"response.create"})"}) {
        for (const Opcode opcode : {Opcode::text, Opcode::binary}) {
            test::ScriptedResponses responses(0);
            MessageGate gate(half, &responses);
            EXPECT_EQ(gate.from_client(from_client(opcode, create)), "");
            EXPECT_EQ(responses.log, "ask\n") << create;
            EXPECT_EQ(gate.to_server(), "") << create;
        }
    }
    test::ScriptedResponses responses(0);
    MessageGate gate(half, &responses);
    EXPECT_EQ(gate.from_client(from_client(Opcode::text, std::string(60'000, ' ') + std::string(kCreate))), "");
    EXPECT_EQ(responses.log, "ask\n");
}

TEST(MessageGate, LetsNoEventSayItsTypeTwice) {
    for (const char* twice : {R"({"type":"x","type":"response.create"})", R"({"type":"x","Type":"response.create"})",
                              R"({"type":7})", R"({"type":"\ud800"})"}) {
        test::ScriptedResponses responses;
        MessageGate gate(half, &responses);
        EXPECT_EQ(gate.from_client(from_client(Opcode::text, twice)), "");
        EXPECT_EQ(gate.to_server(), "") << twice;
        EXPECT_THAT(gate.to_client(), testing::HasSubstr("invalid_request_error")) << twice;
    }
    // What has begun to pass is never whole.
    test::ScriptedResponses responses;
    MessageGate gate(half, &responses);
    (void)gate.from_client(from_client(Opcode::text, R"({"type":"x",)", false));
    EXPECT_NE(gate.to_server(), "");
    const std::size_t passed = gate.to_server().size();
    (void)gate.from_client(from_client(Opcode::continuation, R"("type":"response.create"})"));
    EXPECT_NE(gate.client_fault(), "");
    EXPECT_LE(gate.to_server().size(), passed + 14) << "the frame's head at most";
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
        from_server(R"({"type":"response.done","response":{"usage":{"input_tokens":5,"output_tokens":7}}})") +
        from_server(R"({"type":"error","error":{"event_id":"e1"}})");
    for (const char c : bytes) gate.from_server({&c, 1});
    EXPECT_EQ(gate.to_client(), bytes);
    EXPECT_EQ(responses.log, "created\ndelta\ndone 7\nrejected \"e1\"\n");
}

}  // namespace
}  // namespace weir::downstream
