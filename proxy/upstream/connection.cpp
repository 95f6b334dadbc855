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
      idle_timer_(loop().timers(), *this),
      opened_(loop().batch_time()),
      epoch_(endpoint.epoch()) {}

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

std::unique_ptr<Connection> Pool::take(const Endpoint& endpoint, TimePoint used_since) {
    const auto found = idle_.find(static_cast<std::uint64_t>(endpoint.serial()));
    if (found == idle_.end()) return nullptr;
    Stack& stack = found->second;
    while (!stack.empty() && stack.back().epoch_ != endpoint.epoch()) {
        stack.pop_back_and_dispose(std::default_delete<Connection>());
    }
    if (stack.empty() || stack.back().idle_since_ < used_since) return nullptr;
    std::unique_ptr<Connection> connection(&stack.back());
    stack.pop_back();
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

}  // namespace weir::upstream
