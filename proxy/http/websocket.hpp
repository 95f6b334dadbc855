#pragma once
// WebSocket as an intermediary meets it (RFC 6455): the handshake by which a connection becomes one, and the frames on
// it, read where they stand, whatever pieces they come in.
//
// No extension is negotiated (the offer is not passed on), so a text message is its text.

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "http/head.hpp"

namespace weir::http {

enum class UpgradeAsk : std::uint8_t {
    none,       // an ordinary request
    websocket,  // a handshake as section 4.2.1 wants it
    malformed,  // it wants to be one and is not: a body, no key, another version
};

// Upgrades to anything but `websocket` are ordinary requests whose offer is not taken up (RFC 9110 section 7.8).
[[nodiscard]] UpgradeAsk read_upgrade(const RequestHead& head);

// Whether a 101 is what was asked for: `websocket`, without an extension that nobody offered.
[[nodiscard]] bool accepts_websocket(const ResponseHead& head);

enum class Opcode : std::uint8_t { continuation = 0, text = 1, binary = 2, close = 8, ping = 9, pong = 10 };

// Why a connection is closed (section 7.4.1).
enum class CloseCode : std::uint16_t { going_away = 1001, protocol_error = 1002, internal_error = 1011 };

class FrameReader {
public:
    // What the next bytes are: the rest of a frame's head, or a part of its payload; never both.
    struct Piece {
        std::size_t consumed = 0;
        std::string_view payload;  // as it stands in the bytes: masked where frames are
        std::string_view head;     // the whole head of the frame, when it has just been completed
        bool ends_frame = false;   // with these bytes
        std::string_view fault;    // what is wrong; static storage. Nothing after it can be read
    };

    // Clients' frames are masked, servers' are not (section 5.1).
    explicit FrameReader(bool masked) : masked_(masked) {}

    // REQUIRES: bytes are not empty.
    [[nodiscard]] Piece next(std::string_view bytes);

    // Of the frame whose head was completed last.
    [[nodiscard]] bool is_control() const { return static_cast<std::uint8_t>(opcode_) >= 8; }
    [[nodiscard]] Opcode opcode() const { return opcode_; }
    // It begins a message, and is no control frame.
    [[nodiscard]] bool begins_message() const { return !is_control() && opcode_ != Opcode::continuation; }
    // With the end of that frame a message ends.
    [[nodiscard]] bool is_last() const { return final_ && !is_control(); }
    // Of what has been read and is complete, nothing is under way: a frame of one's own may stand here, or a message.
    [[nodiscard]] bool between_frames() const { return left_ == 0; }
    [[nodiscard]] bool between_messages() const { return !within_message_ && left_ == 0; }

    // Appends a piece's payload, unmasked. REQUIRES: of the piece that next() gave last.
    void append_payload(const Piece& piece, std::string& out) const;

private:
    static constexpr std::size_t kLongestHead = 14;

    [[nodiscard]] std::size_t head_length() const;
    [[nodiscard]] std::string_view finish_head();

    std::array<char, kLongestHead> head_{};
    std::size_t head_size_ = 0;  // of a head that is not complete
    std::array<char, 4> mask_{};
    std::uint64_t length_ = 0;  // of the payload
    std::uint64_t left_ = 0;    // of it
    Opcode opcode_ = Opcode::close;
    bool masked_;
    bool final_ = true;
    bool within_message_ = false;
};

// One frame that is a whole message, or a control frame. `mask` for those to a server: any value, as the content is
// this process's own. REQUIRES: for control frames a payload of at most 125 bytes.
void append_frame(Opcode opcode, std::string_view payload, const std::array<char, 4>* mask, std::string& out);
void append_close(CloseCode code, std::string_view why, const std::array<char, 4>* mask, std::string& out);

}  // namespace weir::http
