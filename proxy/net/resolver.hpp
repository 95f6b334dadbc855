#pragma once
// Names to addresses, without blocking a loop.

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

    // Calls back on the loop with the addresses of `host`, in the system's order (RFC 6724); none when there is no such
    // name or the lookup failed. A literal address is answered without asking anybody.
    using OnResolved = std::function<void(std::vector<SocketAddress>)>;
    void resolve(const std::string& host, std::uint16_t port, OnResolved on_resolved);

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace weir::net
