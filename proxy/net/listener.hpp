#pragma once
// Accepts connections on one loop.
//
// When descriptors run out, it pauses instead of spinning on a listener that stays readable; connections in the
// kernel's backlog are served once there are descriptors again.

#include <atomic>
#include <cstdint>
#include <functional>

#include "net/event_loop.hpp"
#include "net/socket.hpp"

namespace weir::net {

class Listener final : private Wakeable {
public:
    // Takes ownership of the accepted, non-blocking socket.
    using OnAccept = std::function<void(int fd, const SocketAddress& peer)>;

    // Takes ownership of `fd`, a listening socket.
    Listener(EventLoop& loop, int fd, OnAccept on_accept);

    // Accepts what the kernel has already completed, then closes: no client that connected in time gets a reset.
    void close();

    // How often accepting paused because descriptors or memory ran out. From any thread.
    [[nodiscard]] std::uint64_t pauses() const { return pauses_.load(std::memory_order_relaxed); }

private:
    void run() override;
    // True when there may be more to accept.
    bool accept_batch();

    Source source_;
    Timer retry_;
    OnAccept on_accept_;
    std::atomic<std::uint64_t> pauses_{0};
};

}  // namespace weir::net
