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
    while (!bytes.empty() && client_fault_.empty() && !(slots_ != nullptr && slots_->waits())) {
        const FrameReader::Piece piece = client_.next(bytes);
        client_fault_ = piece.fault;
        if (!piece.fault.empty()) break;
        bytes.remove_prefix(piece.consumed);
        client_frame(piece);
        flush_own();
    }
    return bytes;
}

void MessageGate::client_frame(const FrameReader::Piece& piece) {
    if (client_.is_control()) {
        // Control frames may come anywhere between frames (RFC 6455 section 5.5), so none waits for a message.
        closing_ |= !piece.head.empty() && client_.opcode() == Opcode::close;
        to_server_.append(piece.head).append(piece.payload);
        return;
    }
    saw_data_ |= !piece.payload.empty();
    if (!piece.head.empty() && client_.begins_message()) {
        course_ = slots_ != nullptr ? Course::held : Course::passes;
        client_event_ = ai::RequestScanner(ai::Api::realtime);
    }
    // Its type is known before it is passed on.
    if (slots_ != nullptr && course_ != Course::dropped) {
        client_text_.clear();
        client_.append_payload(piece, client_text_);
        client_event_.push(client_text_);
        if (course_ == Course::passes && !client_event_.so_far().fault.empty()) {
            client_fault_ = "an event says its type in more than one way";
            return;
        }
    }
    put(piece.head);
    put(piece.payload);
    const bool at_end = piece.ends_frame && client_.is_last();
    if (course_ == Course::held) decide(at_end);
}

void MessageGate::put(std::string_view raw) {
    if (course_ == Course::passes) to_server_.append(raw);
    if (course_ == Course::held) held_.append(raw);
}

void MessageGate::decide(bool at_end) {
    const ai::RequestFacts& facts = client_event_.so_far();
    if (!facts.fault.empty()) return refuse_unclear();
    const bool is_known = facts.at(ai::Member::type).kept_size > 0;
    // Frames without text are held as well.
    if (!is_known && !client_event_.broken() && !at_end) {
        if (held_.size() >= kLongestLook) refuse_unclear();
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
    course_ = Course::dropped;
    held_.clear();
}

void MessageGate::act(Responses::Verdict verdict) {
    if (verdict == Responses::Verdict::wait) return;
    const bool go = verdict == Responses::Verdict::go;
    course_ = go ? Course::passes : Course::dropped;
    if (go) to_server_.append(held_);
    if (!go) tell_client(slots_->refusal());
    held_.clear();
}

void MessageGate::from_server(std::string_view bytes) {
    while (!bytes.empty() && server_fault_.empty()) {
        const FrameReader::Piece piece = server_.next(bytes);
        server_fault_ = piece.fault;
        if (!piece.fault.empty()) break;
        bytes.remove_prefix(piece.consumed);
        to_client_.append(piece.head).append(piece.payload);
        server_frame(piece);
        flush_own();
    }
}

void MessageGate::server_frame(const FrameReader::Piece& piece) {
    if (server_.is_control()) {
        closing_ |= !piece.head.empty() && server_.opcode() == Opcode::close;
        return;
    }
    saw_data_ |= !piece.payload.empty();
    if (!piece.head.empty() && server_.begins_message()) {
        reads_server_ = slots_ != nullptr && server_.opcode() == Opcode::text;
        reads_usage_ = false;
        server_text_.clear();
        next_server_look_ = 0;
    }
    const bool at_end = piece.ends_frame && server_.is_last();
    if (reads_server_) {
        server_.append_payload(piece, server_text_);
        notice(at_end);
    } else if (reads_usage_) {
        server_text_.clear();
        server_.append_payload(piece, server_text_);
        server_usage_.push(server_text_);
    }
    if (at_end && std::exchange(reads_usage_, false)) slots_->done(server_usage_.usage());
}

void MessageGate::notice(bool at_end) {
    if (!at_end && server_text_.size() < next_server_look_) return;
    next_server_look_ = 2 * server_text_.size();
    const auto event = ai::read_realtime_event(server_text_);
    const bool is_error = event == ai::RealtimeEvent::error;
    if ((!event || is_error) && !at_end && server_text_.size() < kServerLook) return;
    reads_server_ = false;
    if (event == ai::RealtimeEvent::response_delta) slots_->delta();
    if (event == ai::RealtimeEvent::response_done) {
        // Its usage is somewhere inside it.
        reads_usage_ = true;
        server_usage_ = {};
        server_usage_.push(server_text_);
    }
    if (event == ai::RealtimeEvent::response_created && !slots_->created()) {
        tell_client(slots_->refusal());
        cancel();
    }
    if (!is_error) return;
    if (const auto rejected = ai::read_realtime_rejection(server_text_)) slots_->rejected(*rejected);
}

void MessageGate::look() {
    if (slots_ == nullptr) return;
    if (slots_->waits()) act(slots_->verdict());
    if (slots_->give_up_overdue()) cancel();
    flush_own();
}

void MessageGate::tell_client(std::string_view event) {
    http::append_frame(Opcode::text, event, nullptr, own_to_client_);
    if (own_to_client_.size() > kMaxOwn) client_fault_ = "more responses were asked for than there is room to refuse";
}

void MessageGate::cancel() {
    if (own_to_server_.size() > kMaxOwn) return;  // it is already being notified
    const std::array<char, 4> mask = make_mask(random_);
    http::append_frame(Opcode::text, ai::kRealtimeCancel, &mask, own_to_server_);
}

void MessageGate::flush_own() {
    if (!own_to_server_.empty() && (client_.between_messages() || has_put_nothing()))
        to_server_.append(std::exchange(own_to_server_, {}));
    if (!own_to_client_.empty() && server_.between_messages()) to_client_.append(std::exchange(own_to_client_, {}));
}

void MessageGate::close(http::CloseCode code, std::string_view why) {
    if (closing_) return;
    closing_ = true;
    const std::array<char, 4> mask = make_mask(random_);
    if (server_.between_frames()) http::append_close(code, why, nullptr, to_client_);
    if (client_.between_frames() || has_put_nothing()) http::append_close(code, why, &mask, to_server_);
}

}  // namespace weir::downstream
