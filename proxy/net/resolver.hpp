#pragma once
// Names to addresses, without blocking a loop.
//
// The system's look-up cannot be broken off, so each has a thread of its own that nothing waits for: a name server that
// hangs keeps neither other names nor the end of the process waiting.

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

    // Calls back on the loop with the addresses of `host`, in the system's order (RFC 6724); none when there is no such
    // name or the lookup failed. A literal address is answered without asking anybody. While one look-up is under way
    // another is not begun, and nothing is called back for it. Loop's thread only.
    using OnResolved = std::function<void(std::vector<SocketAddress>)>;
    void resolve(const std::string& host, std::uint16_t port, OnResolved on_resolved);

private:
    struct Shared;
    std::shared_ptr<Shared> shared_;  // with the thread, which may outlive this, and the loop too
};

}  // namespace weir::net
