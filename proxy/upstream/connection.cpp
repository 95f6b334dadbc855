#include "upstream/connection.hpp"

#include <algorithm>
#include <cerrno>
#include <system_error>

namespace weir::upstream {

Connection::Connection(const Endpoint& endpoint, std::unique_ptr<net::ByteStream> stream)
    : Wakeable(stream->source().loop()),
      endpoint_(endpoint.id()),
      serial_(endpoint.serial()),
      stream_(std::move(stream)),
      idle_timer_(loop().timers(), *this) {}

void Connection::run() {
    if (pool_ == nullptr) return;
    const net::Readiness& ready = stream_->source().ready;
    const bool timed_out = idle_timer_.when() == TimePoint::max();
    if (!timed_out && !ready.peer_closed && !ready.broken) {
        // The edge may be outdated; only bytes that are really there count. TLS 1.3 may send tickets at any time, and
        // reading consumes them.
        char byte = 0;
        if (stream_->try_read({&byte, 1}).status == net::IoStatus::would_block) return;
    }
    pool_->drop(*this);  // destroys this
}

std::unique_ptr<Connection> Pool::take(EndpointSerial endpoint, TimePoint used_since) {
    const auto found = idle_.find(static_cast<std::uint64_t>(endpoint));
    if (found == idle_.end() || found->second.empty() || found->second.back().idle_since_ < used_since) return nullptr;
    std::unique_ptr<Connection> connection(&found->second.back());
    found->second.pop_back();
    connection->pool_ = nullptr;
    return connection;
}

void Pool::give_back(std::unique_ptr<Connection> connection, Duration keep_alive) {
    const auto serial = static_cast<std::uint64_t>(connection->serial_);
    // A new endpoint is rare, and a good time to forget those without connections here.
    if (!idle_.contains(serial)) std::erase_if(idle_, [](const auto& entry) { return entry.second.empty(); });
    Stack& stack = idle_[serial];
    if (stack.size() >= max_idle_) stack.pop_front_and_dispose(std::default_delete<Connection>());
    connection->pool_ = this;
    connection->reused_ = true;
    connection->stream().source().set_waker(connection.get());
    connection->idle_since_ = connection->loop().batch_time();
    connection->idle_timer_.set(connection->idle_since_ + keep_alive);
    // Bytes that arrived with the end of the answer get no edge of their own any more.
    if (connection->stream().source().ready.readable) connection->wake();
    stack.push_back(*connection.release());
}

bool Pool::has(EndpointSerial endpoint) const {
    const auto found = idle_.find(static_cast<std::uint64_t>(endpoint));
    return found != idle_.end() && !found->second.empty();
}

std::size_t Pool::size() const {
    std::size_t total = 0;
    for (const auto& [endpoint, stack] : idle_) total += stack.size();
    return total;
}

void Pool::drop(Connection& connection) {
    Stack& stack = idle_.at(static_cast<std::uint64_t>(connection.serial_));
    stack.erase_and_dispose(stack.iterator_to(connection), std::default_delete<Connection>());
}

void Pool::clear() {
    for (auto& [endpoint, stack] : idle_) stack.clear_and_dispose(std::default_delete<Connection>());
    idle_.clear();
}

namespace {

using net::IoStatus;

constexpr Duration kLookAgain = std::chrono::milliseconds(20);

// Waits until `done` returns true. False when the deadline passed or the client left first.
template <typename Done>
net::task<bool> wait_for(Done done, net::Waker& waker, net::Timer& timer, TimePoint deadline,
                         const net::Source* client) {
    timer.set(deadline);
    while (!done()) {
        if (waker.loop().now() >= deadline) co_return false;
        if (client != nullptr && client->ready.broken) co_return false;
        co_await waker.wait();
    }
    co_return true;
}

bool lacks_descriptors() { return errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM; }

// A descriptor whose connect is in progress, or -1. When descriptors run out it waits for one: the holders end, and the
// endpoint is not at fault. `starved` reports that it waited in vain.
net::task<int> begin_connect(const net::SocketAddress& address, net::Waker& waker, net::Timer& timer,
                             TimePoint deadline, const net::Source* client, bool& starved) {
    for (;;) {
        const int fd = net::start_connect(address);
        if (fd >= 0 || !lacks_descriptors()) co_return fd;
        const TimePoint now = waker.loop().now();
        starved = now >= deadline;
        if (starved || (client != nullptr && client->ready.broken)) co_return fd;
        timer.set(std::min(deadline, now + kLookAgain));
        co_await waker.wait();
    }
}

// Its addresses, once its name has been looked up; none where it has not been by the deadline.
net::task<std::vector<net::SocketAddress>> await_addresses(const Endpoint& endpoint, net::Waker& waker,
                                                           net::Timer& timer, TimePoint deadline) {
    std::vector<net::SocketAddress> addresses = endpoint.addresses();
    while (addresses.empty() && waker.loop().now() < deadline) {
        timer.set(std::min(deadline, waker.loop().now() + kLookAgain));
        co_await waker.wait();
        addresses = endpoint.addresses();
    }
    co_return addresses;
}

std::unique_ptr<net::ByteStream> make_stream(const Endpoint& endpoint, net::EventLoop& loop, int fd) {
    if (endpoint.tls() == nullptr) return net::make_tcp_stream(loop, fd);
    return endpoint.tls()->wrap(loop, fd, endpoint.config().host);
}

void note_connected(Endpoint& endpoint, Duration took) {
    endpoint.note_fault({});
    endpoint.counters.connects.fetch_add(1, std::memory_order_relaxed);
    endpoint.counters.connect_nanoseconds.fetch_add(static_cast<std::uint64_t>(took.count()),
                                                    std::memory_order_relaxed);
}

}  // namespace

net::task<ConnectResult> connect(Endpoint& endpoint, net::Waker& waker, net::Timer& timer, TimePoint deadline,
                                 const net::Source* client) {
    net::EventLoop& loop = waker.loop();
    const TimePoint began = loop.now();
    Reason reason = Reason::backend_unreachable;
    WhyDown fault{DownReason::no_address};
    std::vector<net::SocketAddress> addresses = endpoint.addresses();
    if (addresses.empty()) addresses = co_await await_addresses(endpoint, waker, timer, deadline);
    for (const net::SocketAddress& address : addresses) {
        bool starved = false;
        const int fd = co_await begin_connect(address, waker, timer, deadline, client, starved);
        if (starved) reason = Reason::connection_limit;
        if (fd < 0) {
            fault = {DownReason::refused, std::generic_category().message(errno)};
            continue;
        }
        std::unique_ptr<net::ByteStream> stream = make_stream(endpoint, loop, fd);
        if (!stream) continue;
        net::Source& source = stream->source();
        source.set_waker(&waker);
        // A connect in progress announces its end by an edge.
        source.ready.readable = source.ready.writable = false;
        const auto decided = [&] { return source.ready.writable || source.ready.broken; };
        const bool is_decided = co_await wait_for(decided, waker, timer, deadline, client);
        if (!is_decided) {
            reason = Reason::backend_timeout;
            fault = {DownReason::timeout, "no connection in time"};
            break;
        }
        if (const int error = net::connect_error(fd); error != 0) {
            fault = {DownReason::refused, std::generic_category().message(error)};
            continue;
        }
        source.ready.readable = true;
        IoStatus status = stream->try_handshake();
        const auto shaken = [&] {
            if (status == IoStatus::would_block) status = stream->try_handshake();
            return status != IoStatus::would_block;
        };
        const bool is_shaken = co_await wait_for(shaken, waker, timer, deadline, client);
        if (!is_shaken) {
            reason = Reason::backend_timeout;
            fault = {DownReason::timeout, "no TLS handshake in time"};
            break;
        }
        if (status != IoStatus::ok) {
            const std::string mistrust = stream->peer_fault();
            fault = mistrust.empty() ? WhyDown{DownReason::tls} : WhyDown{DownReason::certificate, mistrust};
            continue;
        }
        note_connected(endpoint, loop.now() - began);
        co_return ConnectResult{std::make_unique<Connection>(endpoint, std::move(stream)), reason, {}};
    }
    endpoint.counters.connect_failures.fetch_add(1, std::memory_order_relaxed);
    // Descriptors ran out or the client left: the endpoint is not at fault.
    if (reason != Reason::connection_limit) endpoint.note_fault(fault);
    co_return ConnectResult{nullptr, reason, std::move(fault)};
}

}  // namespace weir::upstream
