#pragma once
// A connection to an endpoint, and each worker's store of idle ones.

#include <boost/intrusive/list.hpp>
#include <memory>
#include <unordered_map>

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
    // When it was opened.
    [[nodiscard]] TimePoint opened() const { return opened_; }
    // Has answered at least one request: a close before the next answer may then only mean that it was idle too long.
    [[nodiscard]] bool reused() const { return reused_; }

private:
    friend class Pool;
    void run() override;

    EndpointId endpoint_;
    EndpointSerial serial_;
    std::unique_ptr<net::ByteStream> stream_;
    net::Timer idle_timer_;
    TimePoint opened_;
    TimePoint idle_since_{};
    std::uint32_t epoch_;   // of its endpoint, when it was opened
    Pool* pool_ = nullptr;  // while idle
    bool reused_ = false;
    boost::intrusive::list_member_hook<> hook_;  // for the pool only
};

// Idle connections by endpoint, the most recently used first: it is the least likely to have been closed meanwhile.
// Belongs to one loop.
class Pool {
public:
    // At most this many idle connections are kept for an endpoint on one worker; one more closes the longest idle.
    // One turn of the event loop can bring this many answers (16 rounds of 256 events): with a smaller bound, a busy
    // worker closes in one turn what it opens again in the next. The pool hardly ever holds more than were in use at
    // once within keep_alive.
    static constexpr std::size_t kMaxIdle = 4096;

    explicit Pool(std::size_t max_idle = kMaxIdle) : max_idle_(max_idle) {}
    Pool(const Pool&) = delete;
    Pool& operator=(const Pool&) = delete;
    ~Pool() { clear(); }

    // An idle connection that has been used since `used_since`, or null. Those from before the endpoint went down or
    // lost an address are closed.
    [[nodiscard]] std::unique_ptr<Connection> take(const Endpoint& endpoint, TimePoint used_since = TimePoint::min());
    [[nodiscard]] bool has(EndpointSerial endpoint) const;
    // REQUIRES: the connection's last exchange has ended cleanly in both directions.
    void give_back(std::unique_ptr<Connection> connection, Duration keep_alive);
    void clear();
    [[nodiscard]] std::size_t size() const;

private:
    friend class Connection;
    using Hook = boost::intrusive::member_hook<Connection, boost::intrusive::list_member_hook<>, &Connection::hook_>;
    using Stack = boost::intrusive::list<Connection, Hook>;

    void drop(Connection& connection);

    const std::size_t max_idle_;
    std::unordered_map<std::uint64_t, Stack> idle_;  // the stacks own what is in them
};

struct ConnectResult {
    std::unique_ptr<Connection> connection;       // null on failure
    Reason reason = Reason::backend_unreachable;  // the reason for the failure
    WhyDown fault{};                              // the same for operators; the endpoint keeps it too
};

// Connects, includes TLS. An address that has not answered after 250 ms goes on being tried beside the next one (RFC
// 8305), until `deadline`. Gives up at once when `client`,
// which may be null, is broken. Leaves the stream's waker set to `waker`.
[[nodiscard]] net::task<ConnectResult> connect(Endpoint& endpoint, net::Waker& waker, net::Timer& timer,
                                               TimePoint deadline, const net::Source* client);

}  // namespace weir::upstream
