#include "http/websocket.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace weir::http {
namespace {

using namespace std::string_literals;

constexpr std::array<char, 4> kMask{'\x37', '\xfa', '\x21', '\x3d'};

struct Message {
    Opcode opcode;
    std::string payload;
    friend bool operator==(const Message&, const Message&) = default;
};

struct Reading {
    std::vector<Message> messages;  // and control frames
    std::string_view fault;
};

std::string without_keys(std::string head) {
    remove_protocols("api-key.", head);
    return head;
}

TEST(WebSocketOffer, LosesTheSubprotocolsThatBeginWithAPrefix) {
    const std::string line = "GET /api-key.x HTTP/1.1\r\n";
    const std::string rest = "X: api-key.x\r\n\r\n";
    for (const auto& [offer, kept] : {
             std::pair{"Sec-WebSocket-Protocol: realtime, api-key.abc, v1\r\n",
                       "Sec-WebSocket-Protocol: realtime, v1\r\n"},
             {"sec-websocket-protocol:API-KEY.abc ,realtime\r\n", "sec-websocket-protocol: realtime\r\n"},
             {"Sec-WebSocket-Protocol: a\r\nSec-WebSocket-Protocol: api-key.b\r\n", "Sec-WebSocket-Protocol: a\r\n"},
             {"Sec-WebSocket-Protocol: a,my-api-key.b\r\n", "Sec-WebSocket-Protocol: a,my-api-key.b\r\n"},
             {"Sec-WebSocket-Protocols: api-key.b\r\n", "Sec-WebSocket-Protocols: api-key.b\r\n"},
             {"", ""},
         }) {
        EXPECT_EQ(without_keys(line + offer + rest), line + kept + rest) << offer;
        EXPECT_EQ(without_keys(line + rest.substr(0, rest.size() - 2) + offer + "\r\n"),
                  line + rest.substr(0, rest.size() - 2) + kept + "\r\n")
            << offer;
    }
}

// Reads everything in pieces of `step` bytes.
Reading read_all(std::string_view bytes, bool masked, std::size_t step) {
    FrameReader reader(masked);
    Reading reading;
    std::string data;
    std::string control;
    Opcode opcode = Opcode::close;
    while (!bytes.empty()) {
        std::string_view some = bytes.substr(0, step);
        bytes.remove_prefix(some.size());
        while (!some.empty()) {
            const FrameReader::Piece piece = reader.next(some);
            if (!piece.fault.empty()) return {reading.messages, piece.fault};
            some.remove_prefix(piece.consumed);
            if (!piece.head.empty() && reader.begins_message()) opcode = reader.opcode();
            reader.append_payload(piece, reader.is_control() ? control : data);
            if (!piece.ends_frame) continue;
            if (reader.is_control()) reading.messages.push_back({reader.opcode(), std::exchange(control, {})});
            if (reader.is_last()) reading.messages.push_back({opcode, std::exchange(data, {})});
        }
    }
    if (!reader.between_messages()) reading.fault = "unfinished";
    return reading;
}

std::string frame(Opcode opcode, std::string_view payload, bool masked = true) {
    std::string out;
    append_frame(opcode, payload, masked ? &kMask : nullptr, out);
    return out;
}

TEST(FrameReader, ReadsTheExamplesOfTheRfc) {
    // Section 5.7.
    EXPECT_EQ(read_all("\x81\x05Hello", false, 99).messages, (std::vector<Message>{{Opcode::text, "Hello"}}));
    EXPECT_EQ(read_all("\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58", true, 99).messages,
              (std::vector<Message>{{Opcode::text, "Hello"}}));
    EXPECT_EQ(read_all("\x01\x03Hel\x80\x02lo"s, false, 99).messages, (std::vector<Message>{{Opcode::text, "Hello"}}));
}

TEST(FrameReader, ReadsFramesInPiecesOfAnySize) {
    for (const bool masked : {true, false}) {
        std::string bytes;
        std::vector<Message> expected;
        for (const std::size_t size : {0U, 1U, 125U, 126U, 127U, 65535U, 65536U, 70000U}) {
            const Opcode opcode = size % 2 == 0 ? Opcode::text : Opcode::binary;
            expected.push_back({opcode, std::string(size, 'x')});
            bytes += frame(opcode, expected.back().payload, masked);
        }
        for (const std::size_t step : {1U, 2U, 3U, 7U, 1000U, 1'000'000U}) {
            const Reading reading = read_all(bytes, masked, step);
            EXPECT_EQ(reading.fault, "");
            EXPECT_EQ(reading.messages, expected) << step;
        }
    }
}

TEST(FrameReader, AllowsControlFramesBetweenFragments) {
    const std::string bytes = "\x01\x03Hel\x89\x01!\x00\x01l\x8a\x00\x80\x01o"s;
    for (std::size_t step = 1; step < 8; ++step) {
        EXPECT_EQ(read_all(bytes, false, step).messages,
                  (std::vector<Message>{{Opcode::ping, "!"}, {Opcode::pong, ""}, {Opcode::text, "Hello"}}));
    }
}

TEST(FrameReader, DetectsEveryFault) {
    const std::string wrong[] = {
        "\xC1\x01x"s,                     // a reserved bit: no extension was negotiated
        "\x83\x01x"s,                     // an undefined opcode
        "\x8B\x00"s,                      //
        "\x81\x81mmmmx"s,                 // masked by a server
        "\x80\x01x"s,                     // a continuation of nothing
        "\x01\x01x\x81\x01x"s,            // a message within a message
        "\x09\x00"s,                      // a fragmented control frame
        "\x89\x7E\x00\x7E"s,              // a control frame that is too long
        "\x81\x7E\x00\x05xxxxx"s,         // lengths not in their shortest form
        "\x81\x7F\0\0\0\0\0\0\xFF\xFF"s,  //
        "\x81\x7F\x80\0\0\0\0\0\0\0"s,    // the highest bit of a length
    };
    for (const std::string& bytes : wrong) {
        EXPECT_NE(read_all(bytes, false, 1).fault, "") << ::testing::PrintToString(bytes);
        EXPECT_NE(read_all(bytes, false, 1).fault, "unfinished") << ::testing::PrintToString(bytes);
    }
    EXPECT_NE(read_all("\x81\x01x", true, 1).fault, "");
}

TEST(AppendClose, WritesACodeAndAReason) {
    std::string out;
    append_close(CloseCode::going_away, "bye", nullptr, out);
    EXPECT_EQ(out,
              "\x88\x05\x03\xE9"
              "bye");
}

UpgradeAsk read(std::string_view text) {
    RequestHead head;
    const ParseResult parsed = parse_request(text, HeadLimits{}, head);
    EXPECT_EQ(parsed.status, ParseStatus::complete) << parsed.detail;
    return read_upgrade(head);
}

TEST(ReadUpgrade, AcceptsOnlyAValidHandshake) {
    const std::string sound =
        "GET /v1/realtime HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    const auto changed = [&](std::string_view from, std::string_view to) {
        std::string text = sound;
        text.replace(text.find(from), from.size(), to);
        return read(text + "\r\n");
    };
    EXPECT_EQ(read(sound + "\r\n"), UpgradeAsk::websocket);
    EXPECT_EQ(changed("Upgrade: WebSocket", "Upgrade: h2c"), UpgradeAsk::none);
    EXPECT_EQ(changed("Upgrade: WebSocket", "Upgrade: h2c, websocket"), UpgradeAsk::none);
    EXPECT_EQ(changed("keep-alive, Upgrade", "keep-alive"), UpgradeAsk::none);
    EXPECT_EQ(changed("GET", "POST"), UpgradeAsk::malformed);
    EXPECT_EQ(changed("HTTP/1.1", "HTTP/1.0"), UpgradeAsk::malformed);
    EXPECT_EQ(changed("13", "8"), UpgradeAsk::malformed);
    EXPECT_EQ(changed("dGhlIHNhbXBsZSBub25jZQ==", "short"), UpgradeAsk::malformed);
    EXPECT_EQ(read(sound + "Content-Length: 3\r\n\r\n"), UpgradeAsk::malformed);
    EXPECT_EQ(read(sound + "Transfer-Encoding: chunked\r\n\r\n"), UpgradeAsk::malformed);
    EXPECT_EQ(read(sound + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"), UpgradeAsk::malformed);
}

}  // namespace
}  // namespace weir::http
