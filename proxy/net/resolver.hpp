#pragma once
// Resolves names to addresses without blocking a loop.
//
// The system's look-up cannot be cancelled, so each has a thread of its own that nothing waits for: a name server that
// hangs delays neither other names nor the end of the process.

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "net/event_loop.hpp"
#include "net/socket.hpp"

namespace weir::net {

class Resolver {
public:
    explicit Resolver(EventLoop& loop);
    ~Resolver();
    Resolver(const Resolver&) = delete;
    Resolver& operator=(const Resolver&) = delete;

    // Calls back on the loop with the addresses of `host`, in the system's order (RFC 6724); an empty list when the
    // name does not exist or the look-up failed. A literal address needs no look-up. While one look-up is running,
    // further calls are ignored and get no call back. Loop's thread only.
    using OnResolved = std::function<void(std::vector<SocketAddress>)>;
    void resolve(const std::string& host, std::uint16_t port, OnResolved on_resolved);

private:
    struct Shared;
    std::shared_ptr<Shared> shared_;  // shared with the thread, which may outlive this object and the loop
};

}  // namespace weir::net
