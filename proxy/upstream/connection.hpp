#pragma once
// A connection to an endpoint, and each worker's store of idle ones.

#include <memory>
#include <unordered_map>
#include <vector>

#include "base/reason.hpp"
#include "net/byte_stream.hpp"
#include "net/task.hpp"
#include "net/waker.hpp"
#include "upstream/endpoint.hpp"

namespace weir::upstream {

class Pool;

// One open connection. While idle it stays watched: any event on it, a close or unrequested bytes, ends it before a
// request can be sent on it.
class Connection final : private net::Wakeable {
public:
    Connection(const Endpoint& endpoint, std::unique_ptr<net::ByteStream> stream);

    [[nodiscard]] net::ByteStream& stream() { return *stream_; }
    [[nodiscard]] EndpointId endpoint() const { return endpoint_; }
    [[nodiscard]] EndpointSerial serial() const { return serial_; }
    // Has answered at least one request: a close before the next answer may then only mean that it was idle too long.
    [[nodiscard]] bool reused() const { return reused_; }

private:
    friend class Pool;
    void run() override;

    EndpointId endpoint_;
    EndpointSerial serial_;
    std::unique_ptr<net::ByteStream> stream_;
    net::Timer idle_timer_;
    TimePoint idle_since_{};
    Pool* pool_ = nullptr;  // while idle
    bool reused_ = false;
};

// Idle connections by endpoint, the most recently used first: it is the least likely to have been closed meanwhile.
// Belongs to one loop.
class Pool {
public:
    // Most idle connections kept for an endpoint on one worker; one more closes the one idle longest.
    static constexpr std::size_t kMaxIdle = 256;

    // An idle connection that has been used since `used_since`, or null.
    [[nodiscard]] std::unique_ptr<Connection> take(EndpointSerial endpoint, TimePoint used_since = TimePoint::min());
    [[nodiscard]] bool has(EndpointSerial endpoint) const;
    // REQUIRES: the connection's last exchange has ended cleanly in both directions.
    void give_back(std::unique_ptr<Connection> connection, Duration keep_alive);
    void clear() { idle_.clear(); }
    [[nodiscard]] std::size_t size() const;

private:
    friend class Connection;
    void drop(Connection& connection);

    std::unordered_map<std::uint64_t, std::vector<std::unique_ptr<Connection>>> idle_;
};

struct ConnectResult {
    std::unique_ptr<Connection> connection;       // null on failure
    Reason reason = Reason::backend_unreachable;  // the reason for the failure
    WhyDown fault{};                              // the same for operators; the endpoint keeps it too
};

// Connects, trying the endpoint's addresses in turn until `deadline`; includes TLS. Gives up at once when `client`,
// which may be null, is broken. Leaves the stream's waker set to `waker`.
[[nodiscard]] net::task<ConnectResult> connect(Endpoint& endpoint, net::Waker& waker, net::Timer& timer,
                                               TimePoint deadline, const net::Source* client);

}  // namespace weir::upstream
