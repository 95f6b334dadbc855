#include "downstream/worker.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <random>

#include "admission/advice.hpp"
#include "base/hex.hpp"
#include "base/random.hpp"
#include "downstream/reply.hpp"

namespace weir::downstream {

namespace {

// Connections over the bound while other workers close some; below what descriptors are kept free.
constexpr std::uint32_t kMostBeyond = 8;

}  // namespace

Worker::Worker(std::uint32_t index, ProcessState& state, telemetry::Recorder& recorder,
               std::shared_ptr<const Routing> routing)
    : state_(state), recorder_(recorder), routing_(std::move(routing)), reaper_(*this) {
    std::random_device entropy;
    write_hex(id_prefix_.data(), (std::uint64_t{entropy()} << 32 | entropy()) + index, 16);
    random_state_ = std::uint64_t{entropy()} << 32 | entropy();
}

Worker::~Worker() {
    // Frames first: they refer to the pool, the loop and everything else here.
    connections_.clear_and_dispose(std::default_delete<Connection>());
    retired_.clear_and_dispose(std::default_delete<Connection>());
}

void Worker::listen(ListenerId listener, int fd) {
    resting_by_listener_.push_back({listener, std::make_unique<RestList>()});
    listeners_.push_back(std::make_unique<net::Listener>(
        loop_, fd, [this, listener](int client, const net::SocketAddress& peer) { accept(listener, client, peer); }));
}

std::optional<telemetry::ConnectionRefusal> Worker::refusal_at(const ListenerRoute& listener) const {
    if (state_.connections.load(std::memory_order_relaxed) >= routing_->limits.connections) {
        return telemetry::ConnectionRefusal::global_limit;
    }
    // The cap of a listener is shared out evenly: a count over all workers would be one more contended word.
    const auto open = open_by_listener_.find(static_cast<std::uint16_t>(listener.id));
    const std::uint32_t here = open == open_by_listener_.end() ? 0 : open->second;
    if (here >= std::max(1U, listener.config.limits.connections / state_.workers)) {
        return telemetry::ConnectionRefusal::listener_limit;
    }
    return std::nullopt;
}

void Worker::accept(ListenerId listener, int fd, const net::SocketAddress& peer) {
    // A listener cannot go away while it accepts: a reload that removes one is refused.
    const ListenerRoute* route = routing_->find(listener);
    if (const auto refusal = refusal_at(*route); refusal && !make_room(*refusal, listener)) {
        recorder_.connection_refused(listener, *refusal);
        net::send_and_close(fd, route->tls ? std::string{} : connection_refusal());
        return;
    }
    net::set_no_delay(fd);
    std::unique_ptr<net::ByteStream> stream =
        route->tls ? route->tls->wrap(loop_, fd, {}) : net::make_tcp_stream(loop_, fd);
    if (!stream) return;
    // What may fail for want of memory comes first: from the first count on, retire() sees to the rest.
    std::uint32_t& here = open_by_listener_[static_cast<std::uint16_t>(listener)];
    auto* connection = new Connection(*this, routing_, listener, peer.ip(), std::move(stream));
    connections_.push_back(*connection);
    state_.connections.fetch_add(1, std::memory_order_relaxed);
    ++here;
    recorder_.connection_opened(listener);
    rests(*connection);
    connection->start();
}

std::string Worker::connection_refusal() {
    const admission::RefusalConfig usual;
    const Duration advice = admission::advise(Reason::connection_limit, usual.retry_after, usual, random()).retry_after;
    const RequestId id = next_request_id();
    Reply reply;
    reply.reason = Reason::connection_limit;
    reply.request_id = id;
    reply.retry_after = advice;
    return write_reply(reply);
}

void Worker::set_routing(std::shared_ptr<const Routing> routing) {
    routing_ = std::move(routing);
    for (Resting& resting : resting_by_listener_) {
        for (Connection& connection : *resting.connections) connection.follow(routing_);
    }
}

void Worker::rests(Connection& connection) {
    const auto own = std::find_if(resting_by_listener_.begin(), resting_by_listener_.end(),
                                  [&](const Resting& entry) { return entry.listener == connection.listener(); });
    if (own == resting_by_listener_.end()) return;  // no listener of this worker brought it
    connection.rest();
    own->connections->push_back(connection);
    resting_.store(resting() + 1, std::memory_order_relaxed);
}

void Worker::works(Connection& connection) {
    auto& hook = static_cast<RestHook&>(connection);
    if (!hook.is_linked()) return;
    hook.unlink();
    resting_.store(resting() - 1, std::memory_order_relaxed);
}

bool Worker::make_room(ListenerId listener) {
    Connection* longest = nullptr;
    for (const Resting& resting : resting_by_listener_) {
        if (resting.connections->empty() || (listener != kNoListener && resting.listener != listener)) continue;
        Connection& front = resting.connections->front();
        if (longest == nullptr || front.rests_since() < longest->rests_since()) longest = &front;
    }
    if (longest == nullptr) return false;
    works(*longest);
    longest->abort();
    longest->nudge();
    return true;
}

// At the bound it is who has had nothing to say for longest that goes, and not who comes: one client could keep
// all others out with connections that cost it nothing. The bound is passed by what is being closed at that moment.
bool Worker::make_room(telemetry::ConnectionRefusal refusal, ListenerId listener) {
    const bool global = refusal == telemetry::ConnectionRefusal::global_limit;
    if (make_room(global ? kNoListener : listener)) return true;
    if (!global || state_.connections.load(std::memory_order_relaxed) >= routing_->limits.connections + kMostBeyond) {
        return false;
    }
    for (Worker* other : state_.all_workers) {
        if (other == this || other->resting() == 0) continue;
        other->loop().post([other] { (void)other->make_room(kNoListener); });
        return true;
    }
    return false;
}

void Worker::retire(Connection& connection) {
    works(connection);
    state_.connections.fetch_sub(1, std::memory_order_relaxed);
    --open_by_listener_[static_cast<std::uint16_t>(connection.listener())];
    recorder_.connection_closed(connection.listener());
    // Its coroutine is still running: it is destroyed from outside, a moment later.
    static_cast<ConnectionHook&>(connection).unlink();
    retired_.push_back(connection);
    reaper_.wake();
}

void Worker::Reaper::run() { worker.retired_.clear_and_dispose(std::default_delete<Connection>()); }

void Worker::drain() {
    for (const auto& listener : listeners_) listener->close();
    for (Connection& connection : connections_) connection.nudge();
    pool_.clear();
}

void Worker::abort_connections() {
    for (Connection& connection : connections_) connection.abort();
}

std::uint64_t Worker::accept_pauses() const {
    std::uint64_t total = 0;
    for (const auto& listener : listeners_) total += listener->pauses();
    return total;
}

std::uint64_t Worker::next_random() { return weir::next_random(random_state_); }

double Worker::random() { return static_cast<double>(next_random() >> 11) * 0x1.0p-53; }

RequestId Worker::next_request_id() {
    std::array<char, 26> id;
    std::copy(id_prefix_.begin(), id_prefix_.end(), id.begin());
    write_hex(id.data() + 16, next_id_++, 10);
    return RequestId({id.data(), id.size()});
}

Traceparent Worker::next_traceparent() {
    constexpr std::string_view kForm = "00-0123456789abcdef0123456789abcdef-0123456789abcdef-01";
    Traceparent text;
    kForm.copy(text.data(), text.size());
    write_hex(text.data() + 3, next_random() | 1, 16);  // an id of zeros is invalid
    write_hex(text.data() + 19, next_random(), 16);
    write_hex(text.data() + 36, next_random() | 1, 16);
    return text;
}

}  // namespace weir::downstream
