#pragma once
// A WebSocket through the gateway, as tests write it.

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "downstream/websocket/response_slots.hpp"
#include "downstream/websocket/tunnel.hpp"
#include "support/test_bed.hpp"

namespace weir::test {

inline constexpr std::array<char, 4> kMask{'m', 'a', 's', 'k'};

// Frames as a client sends them, and as a server does.
inline std::string from_client(http::Opcode opcode, std::string_view payload) {
    std::string frame;
    http::append_frame(opcode, payload, &kMask, frame);
    return frame;
}
inline std::string from_server(http::Opcode opcode, std::string_view payload) {
    std::string frame;
    http::append_frame(opcode, payload, nullptr, frame);
    return frame;
}
inline std::string close_from_server(http::CloseCode code, std::string_view why) {
    std::string frame;
    http::append_close(code, why, nullptr, frame);
    return frame;
}

// The payloads of all frames in `bytes`, each behind the number of its opcode.
inline std::string read_frames(std::string_view bytes, bool masked) {
    std::string text;
    http::FrameReader reader(masked);
    while (!bytes.empty()) {
        const http::FrameReader::Piece piece = reader.next(bytes);
        if (!piece.fault.empty()) return text.append("fault: ").append(piece.fault);
        if (!piece.head.empty()) text.append(std::to_string(static_cast<int>(reader.opcode()))).append(":");
        reader.append_payload(piece, text);
        if (piece.ends_frame) text.append(" ");
        bytes.remove_prefix(piece.consumed);
    }
    return text;
}

// A close frame's payload as read_frames() shows it.
inline std::string closing(http::CloseCode code, std::string_view why) {
    const auto number = static_cast<std::uint16_t>(code);
    std::string text = "8:";
    text += static_cast<char>(number >> 8);
    text += static_cast<char>(number & 0xFF);
    return text.append(why).append(" ");
}

struct TunnelBed : TestBed {
    static constexpr std::string_view kHead = "HTTP/1.1 101 Switching Protocols\r\n\r\n";

    explicit TunnelBed(std::uint32_t slots = 8, const Wrap& wrap = {}) : TestBed(slots, wrap) {
        options = {.idle = 300s, .end_by = began + 3600s, .write_timeout = 30s};
    }

    // It speaks OpenAI's Realtime dialect: responses ask for slots.
    void with_responses() {
        slots.emplace(
            client, route(),
            downstream::ResponseSlots::Options{
                .ask = make_ask(0), .record = {}, .endpoint = EndpointId{0}, .first_byte = 60s, .total = 600s});
    }

    Reason go(std::string_view first = {}) {
        connection->stream().source().set_waker(&client.waker);
        tunnel.emplace(client, connection->stream(), slots ? &*slots : nullptr, options);
        const Reason reason = run(tunnel->run(kHead, first));
        return reason;
    }

    // What either side has got, as read_frames() shows it.
    [[nodiscard]] std::string client_got() const {
        return read_frames(std::string_view(client_end->written).substr(kHead.size()), false);
    }
    [[nodiscard]] std::string server_got() const { return read_frames(backend_end->written, true); }

    downstream::Tunnel::Options options;
    std::optional<downstream::ResponseSlots> slots;
    std::optional<downstream::Tunnel> tunnel;
};

}  // namespace weir::test
