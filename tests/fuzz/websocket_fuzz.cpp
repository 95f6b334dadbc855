// WebSocket frames and the Realtime events in them: the same frames in one piece and in pieces of any size; only a
// frame's head is kept; what is written is read back; and an event's name does not change as more of it comes.

#include <algorithm>
#include <array>
#include <optional>
#include <string>

#include "ai/realtime.hpp"
#include "fuzz/input.hpp"
#include "http/websocket.hpp"

using namespace weir;
using http::FrameReader;
using http::Opcode;
using test::require;

namespace {

constexpr std::size_t kLongestHead = 14;

// A data message's text as it grows, looked at as often as a gate looks: whenever it is twice as long.
class Message {
public:
    void grow(const FrameReader& reader, const FrameReader::Piece& piece) {
        if (!piece.head.empty() && reader.begins_message()) *this = Message();
        reader.append_payload(piece, text_);
        if (text_.size() < next_look_ && !(piece.ends_frame && reader.is_last())) return;
        next_look_ = 2 * text_.size();
        const auto event = ai::read_realtime_event(text_);
        if (event_) require(event == event_);
        event_ = event;
        (void)ai::read_realtime_rejection(text_);
    }

private:
    std::string text_;
    std::size_t next_look_ = 0;
    std::optional<ai::RealtimeEvent> event_;
};

// All that is reported of bytes that come in pieces of `step`.
std::string reported(std::string_view bytes, bool masked, std::size_t step) {
    FrameReader reader(masked);
    Message message;
    std::string log;
    while (!bytes.empty()) {
        std::string_view piece_of = bytes.substr(0, step);
        bytes.remove_prefix(piece_of.size());
        while (!piece_of.empty()) {
            const FrameReader::Piece piece = reader.next(piece_of);
            require(piece.consumed > 0 && piece.consumed <= piece_of.size());
            require(piece.head.size() <= kLongestHead && (piece.head.empty() || piece.payload.empty()));
            require(test::is_within(piece.payload, piece_of));
            if (!piece.head.empty()) log.append("\nhead ").append(piece.head).append("\n");
            if (!piece.fault.empty()) return log.append("fault ").append(piece.fault);
            reader.append_payload(piece, log);
            if (piece.ends_frame) log.append(reader.between_messages() ? "\nend" : "\nend within");
            require(!piece.ends_frame || reader.between_frames());
            if (!reader.is_control()) message.grow(reader, piece);
            piece_of.remove_prefix(piece.consumed);
        }
    }
    return log.append(reader.between_frames() ? " idle" : " busy");
}

// A frame of ours is read as what was written into it.
void write_and_read(std::string_view payload, const std::array<char, 4>* mask) {
    std::string bytes;
    http::append_frame(Opcode::text, payload, mask, bytes);
    require(bytes.size() <= payload.size() + kLongestHead);
    FrameReader reader(mask != nullptr);
    std::string_view rest = bytes;
    std::string read;
    bool ended = false;
    while (!rest.empty()) {
        require(!ended);
        const FrameReader::Piece piece = reader.next(rest);
        require(piece.fault.empty());
        reader.append_payload(piece, read);
        ended = piece.ends_frame;
        rest.remove_prefix(piece.consumed);
    }
    require(ended && read == payload && reader.is_last() && reader.opcode() == Opcode::text);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const test::FuzzInput input(data, size);
    const bool masked = input.choice % 2 == 0;
    const std::size_t step = 1 + input.choice / 2 % 31;
    const std::string whole = reported(input.bytes, masked, std::max<std::size_t>(input.bytes.size(), 1));
    require(reported(input.bytes, masked, step) == whole);
    require(reported(input.bytes, masked, 1) == whole);
    const std::array<char, 4> mask{static_cast<char>(input.choice), 'm', '\0', static_cast<char>(0xFF)};
    write_and_read(input.bytes, masked ? &mask : nullptr);
    return 0;
}
