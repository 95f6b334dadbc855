#pragma once
// One thread's share of the gateway: accepts connections and owns them, with everything they use.

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "downstream/open_connections.hpp"
#include "downstream/worker_context.hpp"
#include "net/listener.hpp"

namespace weir::downstream {

class Worker {
public:
    // `index` makes request ids of different workers distinct. REQUIRES: state and recorder outlive the worker.
    Worker(std::uint32_t index, ProcessState& state, telemetry::Recorder& recorder,
           std::shared_ptr<const Routing> routing)
        : context_(index, state, recorder, std::move(routing)), connections_(context_.loop()) {}
    ~Worker();
    Worker(const Worker&) = delete;
    Worker& operator=(const Worker&) = delete;

    [[nodiscard]] net::EventLoop& loop() { return context_.loop(); }

    // Call before run(): all workers of the process, including this one; they outlive it.
    void set_all(std::vector<Worker*> all) { all_ = std::move(all); }
    void run() { loop().run(); }

    // The rest: the loop's thread only, or before run().
    // Accepts on `fd`, a listening socket, of which it takes ownership.
    void listen(ListenerId listener, int fd);
    // Serves an accepted connection.
    void serve(ListenerId listener, const IpAddress& peer, std::unique_ptr<net::ByteStream> stream);
    void set_routing(std::shared_ptr<const Routing> routing);
    [[nodiscard]] const std::shared_ptr<const Routing>& routing() const { return context_.routing; }
    [[nodiscard]] upstream::Pool& pool() { return context_.pool(); }
    [[nodiscard]] const ProcessState& state() const { return context_.state(); }

    // Stops accepting; idle connections are closed, the others after their current answer.
    void drain();
    // Breaks every remaining connection.
    void abort_connections() { connections_.abort(); }

    // How often accepting paused because descriptors ran out. From any thread, once all listeners exist.
    [[nodiscard]] std::uint64_t accept_pauses() const;
    // How many connections are idle. From any thread.
    [[nodiscard]] std::uint32_t resting() const { return connections_.resting(); }

private:
    void accept(ListenerId listener, int fd, const net::SocketAddress& peer);
    // Why another connection would exceed a limit; empty: it would not.
    [[nodiscard]] std::optional<telemetry::ConnectionRefusal> refusal_at(const ListenerRoute& listener) const;
    // Whether a place can be freed, here or by another worker.
    [[nodiscard]] bool make_room(telemetry::ConnectionRefusal refusal, ListenerId listener);

    WorkerContext context_;
    OpenConnections connections_;
    std::vector<std::unique_ptr<net::Listener>> listeners_;
    std::vector<Worker*> all_;
};

}  // namespace weir::downstream
