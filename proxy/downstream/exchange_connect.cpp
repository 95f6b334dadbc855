// The connection on which a request goes to its endpoint: one that has lain idle, or a fresh one.

#include <chrono>

#include "downstream/exchange.hpp"
#include "downstream/repeatable.hpp"
#include "downstream/worker.hpp"

namespace weir::downstream {
namespace {

using namespace std::chrono_literals;

// No server closes a connection that it has just used for want of use: their time-outs begin at two seconds.
constexpr Duration kProven = 1s;

}  // namespace

// A connection that lay idle may be closed while the request is on its way, and often it cannot be told whether it was
// read before. What could not be sent again then goes on a fresh one. Where that takes a TLS handshake, one that has
// just answered will do, unless the body is not here in full: then any failure is the end.
std::unique_ptr<upstream::Connection> Exchange::take_idle(const upstream::Endpoint& endpoint) {
    // A second try does not find out whether the pool has another one as stale as the first.
    if (upgrades_ || tries_.all > 1 || !body_reader_.done()) return nullptr;
    upstream::Pool& pool = link_.worker.pool();
    if (can_be_repeated()) return pool.take(endpoint.serial());
    return endpoint.tls() != nullptr ? pool.take(endpoint.serial(), link_.turn() - kProven) : nullptr;
}

bool Exchange::can_be_repeated() const { return repeat_of(method(), facts_.api) == Repeat::once; }

Duration Exchange::answer_timeout() const {
    const upstream::TimeoutConfig& timeouts = route_->backend->config().timeouts;
    return method() == "POST" && !ask_.streams ? timeouts.whole_answer : timeouts.first_byte;
}

void Exchange::give_back(std::unique_ptr<upstream::Connection> connection) {
    upstream::Pool& pool = link_.worker.pool();
    // Those that were opened for one request alone must not pile up, each with a thread at the backend maybe.
    if (!connection->reused() && !can_be_repeated() && pool.has(connection->serial())) return;
    pool.give_back(std::move(connection), route_->backend->config().timeouts.keep_alive);
}

net::task<std::unique_ptr<upstream::Connection>> Exchange::connect(upstream::Endpoint& endpoint) {
    const TimePoint began = link_.turn();
    const TimePoint deadline = began + route_->backend->config().timeouts.connect;
    upstream::ConnectResult result =
        co_await upstream::connect(endpoint, link_.waker, link_.timer, deadline, &link_.source());
    waited_ += link_.turn() - began;
    if (!result.connection) {
        const bool gone = link_.source().ready.broken;
        fail(gone ? Reason::client_gone : result.reason);
        // Out of descriptors is nothing that the endpoint has done.
        if (reason_ == Reason::backend_timeout) backend().request_timed_out(endpoint, began, link_.turn());
        if (reason_ == Reason::backend_unreachable) backend().request_failed(endpoint, link_.turn());
    }
    co_return std::move(result.connection);
}

}  // namespace weir::downstream
