#include "downstream/websocket/message_gate.hpp"

#include <array>
#include <bit>
#include <cstdint>
#include <utility>

#include "ai/realtime.hpp"

namespace weir::downstream {
namespace {

using http::FrameReader;
using http::Opcode;

constexpr std::size_t kLongestLook = 64 * 1024;  // read of a client's message as it arrives
constexpr std::size_t kMaxOwn = 64 * 1024;       // bytes of Weir's own waiting frames
// Read of a server's message, which is passed on meanwhile. Its type is one of its first members.
constexpr std::size_t kServerLook = 4096;

std::array<char, 4> make_mask(const std::function<double()>& random) {
    const auto bits = static_cast<std::uint32_t>(random() * 4294967296.0);
    return std::bit_cast<std::array<char, 4>>(bits);
}

}  // namespace

std::string_view MessageGate::from_client(std::string_view bytes) {
    while (!bytes.empty() && client_.fault.empty() && !(slots_ != nullptr && slots_->waits())) {
        const FrameReader::Piece piece = client_.frames.next(bytes);
        client_.fault = piece.fault;
        if (!piece.fault.empty()) break;
        bytes.remove_prefix(piece.consumed);
        client_frame(piece);
        flush_own();
    }
    return bytes;
}

void MessageGate::client_frame(const FrameReader::Piece& piece) {
    if (client_.frames.is_control()) {
        // Control frames may come anywhere between frames (RFC 6455 section 5.5), so none waits for a message.
        closing_ |= !piece.head.empty() && client_.frames.opcode() == Opcode::close;
        to_server_.append(piece.head).append(piece.payload);
        return;
    }
    saw_data_ |= !piece.payload.empty();
    if (!piece.head.empty() && client_.frames.begins_message()) {
        client_.course = slots_ != nullptr ? Course::held : Course::passes;
        client_.event = ai::RequestScanner(ai::Api::realtime);
    }
    // Its type is known before it is passed on.
    if (slots_ != nullptr && client_.course != Course::dropped) {
        client_.text.clear();
        client_.frames.append_payload(piece, client_.text);
        client_.event.push(client_.text);
        if (client_.course == Course::passes && !client_.event.so_far().fault.empty()) {
            client_.fault = "an event says its type in more than one way";
            return;
        }
    }
    put(piece.head);
    put(piece.payload);
    const bool at_end = piece.ends_frame && client_.frames.is_last();
    if (client_.course == Course::held) decide(at_end);
}

void MessageGate::put(std::string_view raw) {
    if (client_.course == Course::passes) to_server_.append(raw);
    if (client_.course == Course::held) client_.held.append(raw);
}

void MessageGate::decide(bool at_end) {
    const ai::RequestFacts& facts = client_.event.so_far();
    if (!facts.fault.empty()) return refuse_unclear();
    const bool is_known = facts.at(ai::Member::type).kept_size > 0;
    // Frames without text are held as well.
    if (!is_known && !client_.event.broken() && !at_end) {
        if (client_.held.size() >= kLongestLook) refuse_unclear();
        return;
    }
    if (is_known && ai::realtime_event(facts.text(ai::Member::type)) == ai::RealtimeEvent::response_create) {
        return act(slots_->ask(ai::realtime_event_id(facts.written(ai::Member::event_id))));
    }
    act(Responses::Verdict::go);
}

// It is unclear what the server would read, so the server does not get it.
void MessageGate::refuse_unclear() {
    tell_client(ai::word_realtime_error(Reason::bad_request, {}, {}, Duration::zero(),
                                        "an event must say its type once, within its first 64 KiB"));
    client_.course = Course::dropped;
    client_.held.clear();
}

void MessageGate::act(Responses::Verdict verdict) {
    if (verdict == Responses::Verdict::wait) return;
    const bool go = verdict == Responses::Verdict::go;
    client_.course = go ? Course::passes : Course::dropped;
    if (go) to_server_.append(client_.held);
    if (!go) tell_client(slots_->refusal());
    client_.held.clear();
}

void MessageGate::from_server(std::string_view bytes) {
    while (!bytes.empty() && server_.fault.empty()) {
        const FrameReader::Piece piece = server_.frames.next(bytes);
        server_.fault = piece.fault;
        if (!piece.fault.empty()) break;
        bytes.remove_prefix(piece.consumed);
        to_client_.append(piece.head).append(piece.payload);
        server_frame(piece);
        flush_own();
    }
}

void MessageGate::server_frame(const FrameReader::Piece& piece) {
    if (server_.frames.is_control()) {
        closing_ |= !piece.head.empty() && server_.frames.opcode() == Opcode::close;
        return;
    }
    saw_data_ |= !piece.payload.empty();
    if (!piece.head.empty() && server_.frames.begins_message()) {
        server_.is_read = slots_ != nullptr && server_.frames.opcode() == Opcode::text;
        server_.tells_usage = false;
        server_.text.clear();
        server_.next_look = 0;
    }
    const bool at_end = piece.ends_frame && server_.frames.is_last();
    if (server_.is_read) {
        server_.frames.append_payload(piece, server_.text);
        notice(at_end);
    } else if (server_.tells_usage) {
        server_.text.clear();
        server_.frames.append_payload(piece, server_.text);
        server_.usage.push(server_.text);
    }
    if (at_end && std::exchange(server_.tells_usage, false)) slots_->done(server_.usage.usage());
}

void MessageGate::notice(bool at_end) {
    if (!at_end && server_.text.size() < server_.next_look) return;
    server_.next_look = 2 * server_.text.size();
    const auto event = ai::read_realtime_event(server_.text);
    const bool is_error = event == ai::RealtimeEvent::error;
    if ((!event || is_error) && !at_end && server_.text.size() < kServerLook) return;
    server_.is_read = false;
    if (event == ai::RealtimeEvent::response_delta) slots_->delta();
    if (event == ai::RealtimeEvent::response_done) {
        // Its usage is somewhere inside it.
        server_.tells_usage = true;
        server_.usage = {};
        server_.usage.push(server_.text);
    }
    if (event == ai::RealtimeEvent::response_created && !slots_->created()) {
        tell_client(slots_->refusal());
        cancel();
    }
    if (!is_error) return;
    if (const auto rejected = ai::read_realtime_rejection(server_.text)) slots_->rejected(*rejected);
}

void MessageGate::look() {
    if (slots_ == nullptr) return;
    if (slots_->waits()) act(slots_->verdict());
    if (slots_->give_up_overdue()) cancel();
    flush_own();
}

void MessageGate::tell_client(std::string_view event) {
    http::append_frame(Opcode::text, event, nullptr, own_to_client_);
    if (own_to_client_.size() > kMaxOwn) client_.fault = "more responses were asked for than there is room to refuse";
}

void MessageGate::cancel() {
    if (own_to_server_.size() > kMaxOwn) return;  // it is already being notified
    const std::array<char, 4> mask = make_mask(random_);
    http::append_frame(Opcode::text, ai::kRealtimeCancel, &mask, own_to_server_);
}

void MessageGate::flush_own() {
    if (!own_to_server_.empty() && (client_.frames.between_messages() || has_put_nothing()))
        to_server_.append(std::exchange(own_to_server_, {}));
    if (!own_to_client_.empty() && server_.frames.between_messages())
        to_client_.append(std::exchange(own_to_client_, {}));
}

void MessageGate::close(http::CloseCode code, std::string_view why) {
    if (closing_) return;
    closing_ = true;
    const std::array<char, 4> mask = make_mask(random_);
    if (server_.frames.between_frames()) http::append_close(code, why, nullptr, to_client_);
    if (client_.frames.between_frames() || has_put_nothing()) http::append_close(code, why, &mask, to_server_);
}

}  // namespace weir::downstream
