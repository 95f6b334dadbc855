#include "downstream/websocket/tunnel.hpp"

#include <algorithm>

#include "base/free_memory.hpp"
#include "downstream/worker_context.hpp"

namespace weir::downstream {
namespace {

using http::CloseCode;
using net::IoStatus;

constexpr std::size_t kReadBytes = 32 * 1024;
// After this much without a pause, all other coroutines get a turn.
constexpr std::size_t kTurnBytes = 256 * 1024;

}  // namespace

Tunnel::Tunnel(Client& client, net::ByteStream& upstream, ResponseSlots* slots, const Options& options)
    : client_(client),
      upstream_(upstream),
      slots_(slots),
      options_(options),
      gate_([&worker = client.worker] { return worker.ids().random(); }, slots),
      heard_at_(client.turn()),
      client_took_at_(heard_at_),
      server_took_at_(heard_at_),
      lease_(client.worker) {}

net::task<Reason> Tunnel::run(std::string_view head, std::string_view first) {
    gate_.to_client().append(head);
    gate_.from_server(first);
    server_bytes_ += first.size();
    for (;;) {
        const bool moved = step();
        if (ended_) break;
        if (moved && turn_bytes_ < kTurnBytes) continue;
        turn_bytes_ = 0;
        if (moved) {
            co_await client_.waker.yield();
            continue;
        }
        look_at_clock();
        if (ended_) break;
        client_.timer.set(next_deadline());
        co_await client_.waker.wait();
    }
    // If the connection ends well while a response is open, its client left.
    if (slots_ != nullptr) co_await slots_->end(reason_ == Reason::admitted ? Reason::client_gone : reason_);
    // The other side is notified as far as it accepts that: with a clean end after a clean end, otherwise with a close
    // frame.
    if (!upstream_.source().ready.broken) (void)flush(upstream_, gate_.to_server(), server_took_at_, reason_);
    if (group(reason_) != ReasonGroup::client && !gate_.to_client().empty()) {
        const bool sent = co_await client_.send(gate_.to_client());
        // A client that has left is not a slow reader: the reason stays what ended the connection.
        const net::Readiness& client = client_.source().ready;
        if (!sent && !client.broken && !client.peer_closed) reason_ = Reason::client_stalled;
    }
    co_return reason_;
}

bool Tunnel::step() {
    gate_.look();
    // A client that waits for a slot is not read; if it has ended its sending, it does not wait any more.
    const net::Readiness& client = client_.source().ready;
    if (client.broken || (client.peer_closed && slots_ != nullptr && slots_->waits())) {
        end(client_left(), http::CloseCode::going_away, "the client left");
        return true;
    }
    bool moved = flush(*client_.stream, gate_.to_client(), client_took_at_, Reason::client_gone);
    moved |= flush(upstream_, gate_.to_server(), server_took_at_, Reason::backend_died);
    if (!ended_ && gate_.to_server().empty() && !(slots_ != nullptr && slots_->waits())) moved |= read_client();
    if (!ended_ && gate_.to_client().empty()) moved |= read_server();
    account();
    return moved;
}

// Why it ends when the client is not there any more.
Reason Tunnel::client_left() const { return gate_.closing() ? Reason::admitted : Reason::client_gone; }

bool Tunnel::read_client() {
    std::string_view left;
    if (!client_.inbox.empty()) {  // what followed the request, or waited for a slot
        left = gate_.from_client(client_.inbox);
        client_.inbox.erase(0, client_.inbox.size() - left.size());
        if (client_.inbox.empty()) free_memory(client_.inbox);
    } else {
        const std::span<char> scratch = client_.worker.loop().scratch();
        const net::IoResult result = client_.stream->try_read(scratch.first(kReadBytes));
        if (result.status == IoStatus::would_block) return false;
        if (result.status != IoStatus::ok) {
            end(client_left(), CloseCode::going_away, "the client left");
            return true;
        }
        client_bytes_ += result.bytes;
        turn_bytes_ += result.bytes;
        client_.inbox = std::string(gate_.from_client({scratch.data(), result.bytes}));
    }
    note_activity();
    if (!gate_.client_fault().empty()) end(Reason::bad_request, CloseCode::protocol_error, gate_.client_fault());
    return true;
}

bool Tunnel::read_server() {
    const std::span<char> scratch = client_.worker.loop().scratch();
    const net::IoResult result = upstream_.try_read(scratch.first(kReadBytes));
    if (result.status == IoStatus::would_block) return false;
    if (result.status != IoStatus::ok) {
        end(gate_.closing() ? Reason::admitted : Reason::backend_died, CloseCode::internal_error, "the backend left");
        return true;
    }
    server_bytes_ += result.bytes;
    turn_bytes_ += result.bytes;
    gate_.from_server({scratch.data(), result.bytes});
    note_activity();
    if (!gate_.server_fault().empty())
        end(Reason::backend_bad_response, CloseCode::internal_error, "the backend broke the protocol");
    return true;
}

// Pings keep a connection open that holds no slot. One that holds a slot to its end must carry data.
void Tunnel::note_activity() {
    const bool data = gate_.take_data();
    if (data || slots_ != nullptr) heard_at_ = client_.turn();
}

bool Tunnel::flush(net::ByteStream& stream, std::string& outbox, TimePoint& taken_at, Reason failure) {
    if (outbox.empty()) {
        taken_at = client_.turn();
        return false;
    }
    const iovec part = net::as_part(outbox);
    const net::IoResult result = stream.try_write({&part, 1});
    if (result.status == IoStatus::failed) {
        outbox.clear();
        const Reason reason = gate_.closing() ? Reason::admitted : failure;
        if (!ended_) end(reason, CloseCode::going_away, "the other side left");
        return true;
    }
    if (result.bytes == 0) return false;
    taken_at = client_.turn();
    outbox.erase(0, result.bytes);
    // An empty string may still hold the memory of a long message.
    if (outbox.empty()) free_memory(outbox);
    return true;
}

void Tunnel::look_at_clock() {
    const TimePoint now = client_.turn();
    const bool draining = client_.worker.state().draining.load(std::memory_order_relaxed);
    if (now >= client_took_at_ + options_.write_timeout && !gate_.to_client().empty()) {
        return end(Reason::client_stalled, CloseCode::going_away, "the client does not read");
    }
    if (now >= server_took_at_ + options_.write_timeout && !gate_.to_server().empty()) {
        return end(Reason::backend_timeout, CloseCode::internal_error, "the backend does not read");
    }
    if (now >= heard_at_ + options_.idle) return end(Reason::admitted, CloseCode::going_away, "idle for too long");
    if (now >= options_.end_by) return end(Reason::admitted, CloseCode::going_away, "open for too long");
    // Responses in progress may end; a client without any must go elsewhere.
    if (draining && slots_ != nullptr && !slots_->any()) {
        end(Reason::admitted, CloseCode::going_away, "shutting down");
    }
}

TimePoint Tunnel::next_deadline() const {
    TimePoint next = std::min(heard_at_ + options_.idle, options_.end_by);
    if (!gate_.to_client().empty()) next = std::min(next, client_took_at_ + options_.write_timeout);
    if (!gate_.to_server().empty()) next = std::min(next, server_took_at_ + options_.write_timeout);
    if (slots_ != nullptr) next = std::min(next, slots_->next_deadline());
    return next;
}

void Tunnel::end(Reason reason, CloseCode code, std::string_view why) {
    reason_ = reason;
    ended_ = true;
    gate_.close(code, why);
}

void Tunnel::account() {
    const std::size_t held = gate_.to_client().size() + gate_.to_server().size() + gate_.held() + client_.inbox.size();
    lease_.resize(held);
}

}  // namespace weir::downstream
