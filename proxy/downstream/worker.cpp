#include "downstream/worker.hpp"

#include <algorithm>
#include <utility>

#include "downstream/connection.hpp"
#include "downstream/connection_refusal.hpp"
#include "net/socket.hpp"

namespace weir::downstream {
namespace {

using telemetry::ConnectionRefusal;

// Connections accepted beyond the limit while other workers close some; fewer than the descriptors kept free.
constexpr std::uint32_t kMaxBeyond = 8;

}  // namespace

// Connections first: their frames refer to the pool, the loop and everything else in the context.
Worker::~Worker() { connections_.clear(); }

void Worker::listen(ListenerId listener, int fd) {
    connections_.add_listener(listener);
    listeners_.push_back(std::make_unique<net::Listener>(
        loop(), fd, [this, listener](int client, const net::SocketAddress& peer) { accept(listener, client, peer); }));
}

std::optional<ConnectionRefusal> Worker::refusal_at(const ListenerRoute& listener) const {
    if (context_.state().connections.load(std::memory_order_relaxed) >= routing()->limits.connections) {
        return ConnectionRefusal::global_limit;
    }
    // A listener's limit is divided evenly: a count over all workers would be one more contended word.
    const std::uint32_t share = std::max(1U, listener.config.limits.connections / context_.state().workers);
    if (connections_.count(listener.id) >= share) return ConnectionRefusal::listener_limit;
    return std::nullopt;
}

void Worker::accept(ListenerId listener, int fd, const net::SocketAddress& peer) {
    // A listener exists for as long as it accepts: a reload that removes one is refused.
    const ListenerRoute* route = routing()->find(listener);
    if (const auto refusal = refusal_at(*route); refusal && !make_room(*refusal, listener)) {
        context_.recorder().connection_refused(listener, *refusal);
        net::send_and_close(fd, route->tls ? std::string{} : connection_refusal(context_));
        return;
    }
    net::set_no_delay(fd);
    std::unique_ptr<net::ByteStream> stream =
        route->tls ? route->tls->wrap(loop(), fd, {}) : net::make_tcp_stream(loop(), fd);
    if (stream) serve(listener, peer.ip(), std::move(stream));
}

void Worker::serve(ListenerId listener, const IpAddress& peer, std::unique_ptr<net::ByteStream> stream) {
    auto made = std::make_unique<Connection>(context_, connections_, routing(), listener, peer, std::move(stream));
    Connection& connection = *made;
    connections_.add(std::move(made));  // what may fail for lack of memory comes before any counting
    connections_.rests(connection);
    connection.start();
}

void Worker::set_routing(std::shared_ptr<const Routing> routing) {
    context_.routing = std::move(routing);
    connections_.follow(context_.routing);
}

// At the limit the connection that has been idle longest is closed, and the new one accepted: otherwise one client
// could keep all others out with connections that cost it nothing. While connections are closing, the limit is exceeded
// by their number.
bool Worker::make_room(ConnectionRefusal refusal, ListenerId listener) {
    const bool global = refusal == ConnectionRefusal::global_limit;
    if (connections_.close_longest_at_rest(global ? kNoListener : listener)) return true;
    const std::uint32_t open = context_.state().connections.load(std::memory_order_relaxed);
    if (!global || open >= routing()->limits.connections + kMaxBeyond) return false;
    for (Worker* other : all_) {
        if (other == this || other->resting() == 0) continue;
        other->loop().post([other] { (void)other->connections_.close_longest_at_rest(kNoListener); });
        return true;
    }
    return false;
}

void Worker::drain() {
    for (const auto& listener : listeners_) listener->close();
    connections_.nudge();
    pool().clear();
}

std::uint64_t Worker::accept_pauses() const {
    std::uint64_t total = 0;
    for (const auto& listener : listeners_) total += listener->pauses();
    return total;
}

}  // namespace weir::downstream
