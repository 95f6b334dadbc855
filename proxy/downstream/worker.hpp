#pragma once
// One thread's share of the gateway: its loop, its connections to both sides, its room to parse in. Nothing in it is
// shared but what ProcessState counts.

#include <array>
#include <atomic>
#include <boost/intrusive/list.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "downstream/client_connections.hpp"
#include "downstream/client_websockets.hpp"
#include "downstream/connection.hpp"
#include "downstream/idempotency.hpp"
#include "downstream/request_id.hpp"
#include "downstream/routing.hpp"
#include "downstream/spare_texts.hpp"
#include "http/head.hpp"
#include "net/event_loop.hpp"
#include "net/listener.hpp"
#include "telemetry/record.hpp"
#include "upstream/connection.hpp"

namespace weir::downstream {

class Worker;

// Counts over all workers, and what they were all told.
struct ProcessState {
    std::atomic<std::uint32_t> connections{0};
    ClientConnections clients;  // of listeners with a bound for one client
    std::atomic<std::int64_t> buffered_bytes{0};
    std::atomic<bool> draining{false};
    // The wall clock's time since 1970 at the steady clock's epoch, as it was at the start: for cohorts, which a wall
    // clock that jumps must not shuffle. Set once, before the workers start.
    Duration wall_offset{};
    ClientWebSockets websockets;
    IdempotencyKeys idempotency_keys;
    std::string pseudonym;             // this process in Via fields; set once, before the workers start
    std::uint32_t workers = 1;         // likewise
    std::vector<Worker*> all_workers;  // likewise; they outlive it
};

// `version-traceid-parentid-flags` (W3C Trace Context).
using Traceparent = std::array<char, 55>;

class Worker {
public:
    // `index` tells request ids of different workers apart. REQUIRES: state and recorder outlive the worker.
    Worker(std::uint32_t index, ProcessState& state, telemetry::Recorder& recorder,
           std::shared_ptr<const Routing> routing);
    ~Worker();

    [[nodiscard]] net::EventLoop& loop() { return loop_; }

    // The rest: the loop's thread only, or before run().
    // Accepts on `fd`, a listening socket, which it takes over.
    void listen(ListenerId listener, int fd);
    void run() { loop_.run(); }

    void set_routing(std::shared_ptr<const Routing> routing);
    [[nodiscard]] const std::shared_ptr<const Routing>& routing() const { return routing_; }
    [[nodiscard]] ProcessState& state() { return state_; }
    [[nodiscard]] telemetry::Recorder& recorder() { return recorder_; }
    [[nodiscard]] upstream::Pool& pool() { return pool_; }
    [[nodiscard]] SpareTexts& texts() { return texts_; }
    // Room to parse one head of each kind in; what is parsed lives until the next wait.
    [[nodiscard]] http::RequestHead& request_head() { return request_head_; }
    [[nodiscard]] http::ResponseHead& response_head() { return response_head_; }

    // 26 characters, unique over all workers and restarts.
    [[nodiscard]] RequestId next_request_id();
    // A trace of our own, for callers that bring none: version 00, sampled.
    [[nodiscard]] Traceparent next_traceparent();
    // Uniform in [0, 1), for jitter.
    [[nodiscard]] double random();

    // Stops accepting; idle connections are closed, the others after the answer they are in.
    void drain();
    // Breaks every connection that is still there.
    void abort_connections();
    // What a connection over a limit is told before it is closed.
    [[nodiscard]] std::string connection_refusal();
    // How often accepting paused for want of descriptors. From any thread, once all listeners are there.
    [[nodiscard]] std::uint64_t accept_pauses() const;

    // Called by a connection that has been accepted or has its answer, and by one that has a request.
    void rests(Connection& connection);
    void works(Connection& connection);
    // Closes the connection that has rested longest, of one listener or (kNoListener) of all. False when none rests.
    bool make_room(ListenerId listener);
    // How many rest. From any thread.
    [[nodiscard]] std::uint32_t resting() const { return resting_.load(std::memory_order_relaxed); }

    // Somebody was refused for being over a limit or for want of room: for a while requests are asked whether they
    // would be before more is done for them. At other times that would be one more question for nearly all.
    void be_wary() { wary_ = kWary; }
    [[nodiscard]] bool is_wary() {
        if (wary_ > 0) --wary_;
        return wary_ > 0;
    }

    // Called by a connection that has run to its end; it is destroyed soon.
    void retire(Connection& connection);

private:
    void accept(ListenerId listener, int fd, const net::SocketAddress& peer);
    // Why one more connection would be one too many; empty: it would not.
    [[nodiscard]] std::optional<telemetry::ConnectionRefusal> refusal_at(const ListenerRoute& listener) const;
    [[nodiscard]] std::uint64_t next_random();

    struct Reaper final : net::Wakeable {
        explicit Reaper(Worker& owner) : Wakeable(owner.loop_), worker(owner) {}
        void run() override;
        Worker& worker;
    };

    static constexpr std::uint32_t kWary = 64;

    // Whether room can be made, here or by another worker.
    bool make_room(telemetry::ConnectionRefusal refusal, ListenerId listener);

    using ConnectionList = boost::intrusive::list<Connection, boost::intrusive::base_hook<ConnectionHook>,
                                                  boost::intrusive::constant_time_size<false>>;
    using RestList = boost::intrusive::list<Connection, boost::intrusive::base_hook<RestHook>,
                                            boost::intrusive::constant_time_size<false>>;
    struct Resting {
        ListenerId listener = kNoListener;
        std::unique_ptr<RestList> connections;  // the longest at rest first
    };

    net::EventLoop loop_;
    ProcessState& state_;
    telemetry::Recorder& recorder_;
    std::shared_ptr<const Routing> routing_;
    upstream::Pool pool_;
    SpareTexts texts_;
    http::RequestHead request_head_;
    http::ResponseHead response_head_;
    std::vector<std::unique_ptr<net::Listener>> listeners_;
    std::unordered_map<std::uint16_t, std::uint32_t> open_by_listener_;  // connections of this worker
    std::vector<Resting> resting_by_listener_;
    std::atomic<std::uint32_t> resting_{0};  // written by this worker only
    ConnectionList connections_;
    ConnectionList retired_;
    Reaper reaper_;
    std::array<char, 16> id_prefix_;  // of request ids
    std::uint64_t next_id_ = 0;
    std::uint32_t wary_ = 0;  // of so many requests
    std::uint64_t random_state_;
};

}  // namespace weir::downstream
