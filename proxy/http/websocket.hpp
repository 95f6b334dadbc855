#pragma once
// The parts of WebSocket that an intermediary needs (RFC 6455): the handshake that turns a connection into one, and its
// frames, read in place in pieces of any size.
//
// No extension is negotiated (the offer is not passed on), so a text message's payload is its text.

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "http/head.hpp"

namespace weir::http {

enum class UpgradeAsk : std::uint8_t {
    none,       // an ordinary request
    websocket,  // a handshake as section 4.2.1 requires
    malformed,  // an invalid handshake: a body, no key, another version
};

// Upgrades to anything but `websocket` are ordinary requests whose offer is ignored (RFC 9110 section 7.8).
[[nodiscard]] UpgradeAsk read_upgrade(const RequestHead& head);

// Whether a 101 accepts what was requested: `websocket`, without any extension, as none was offered.
[[nodiscard]] bool accepts_websocket(const ResponseHead& head);

// Removes the subprotocols that begin with `prefix` from the offer in a request's head (section 11.3.4); other lines
// keep their bytes. REQUIRES: `prefix` is in lower case.
void remove_protocols(std::string_view prefix, std::string& head);

enum class Opcode : std::uint8_t { continuation = 0, text = 1, binary = 2, close = 8, ping = 9, pong = 10 };

// Why a connection is closed (section 7.4.1).
enum class CloseCode : std::uint16_t { going_away = 1001, protocol_error = 1002, internal_error = 1011 };

class FrameReader {
public:
    // The next bytes: the rest of a frame's head or a part of its payload, never both.
    struct Piece {
        std::size_t consumed = 0;
        std::string_view payload;  // as in the input: masked if the frames are
        std::string_view head;     // the whole head of the frame, when it has just been completed
        bool ends_frame = false;   // the frame ends with these bytes
        std::string_view fault;    // what is wrong; static storage. Nothing can be read after it
    };

    // Clients' frames are masked, servers' are not (section 5.1).
    explicit FrameReader(bool masked) : masked_(masked) {}

    // REQUIRES: `bytes` is not empty.
    [[nodiscard]] Piece next(std::string_view bytes);

    // The following apply to the frame whose head was completed last.
    [[nodiscard]] bool is_control() const { return static_cast<std::uint8_t>(opcode_) >= 8; }
    [[nodiscard]] Opcode opcode() const { return opcode_; }
    // The frame begins a message and is not a control frame.
    [[nodiscard]] bool begins_message() const { return !is_control() && opcode_ != Opcode::continuation; }
    // A message ends with this frame.
    [[nodiscard]] bool is_last() const { return final_ && !is_control(); }
    // No frame has been read in part, so a frame of Weir's own may be written here.
    [[nodiscard]] bool between_frames() const { return left_ == 0; }
    [[nodiscard]] bool between_messages() const { return !within_message_ && left_ == 0; }

    // Appends a piece's payload, unmasked. REQUIRES: `piece` is the last one that next() returned.
    void append_payload(const Piece& piece, std::string& out) const;

private:
    static constexpr std::size_t kLongestHead = 14;

    [[nodiscard]] std::size_t head_length() const;
    [[nodiscard]] std::string_view finish_head();

    std::array<char, kLongestHead> head_{};
    std::size_t head_size_ = 0;  // of an incomplete head
    std::array<char, 4> mask_{};
    std::uint64_t length_ = 0;  // of the payload
    std::uint64_t left_ = 0;    // of the payload
    Opcode opcode_ = Opcode::close;
    bool masked_;
    bool final_ = true;
    bool within_message_ = false;
};

// A frame that is a whole message, or a control frame. `mask` is for frames to a server: any value will do, as the
// content is this process's own. REQUIRES: a control frame's payload is at most 125 bytes.
void append_frame(Opcode opcode, std::string_view payload, const std::array<char, 4>* mask, std::string& out);
void append_close(CloseCode code, std::string_view why, const std::array<char, 4>* mask, std::string& out);

}  // namespace weir::http
