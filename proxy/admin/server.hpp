#pragma once
// The admin listener: HTTP on the control loop, apart from all client traffic.
//
// Requests here are few and small, so Boost.Beast and Asio's coroutines do what the data path does by hand: a
// connection is one coroutine, kept alive from one request to the next. door.hpp decides what a request is answered.
//
// Single-threaded: belongs to the loop's thread.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "admin/config.hpp"
#include "admin/door.hpp"
#include "net/event_loop.hpp"
#include "net/listener.hpp"

namespace weir::admin {

class Server {
public:
    // Takes ownership of `fd`, a listening socket. REQUIRES: `loop` outlives the server.
    Server(net::EventLoop& loop, int fd, std::vector<Route> routes);
    ~Server();

    void set_token(const std::optional<std::string>& token);
    void set_names(std::vector<std::string> names);

private:
    struct State;
    class Session;

    std::shared_ptr<State> state_;  // shared with the connections, whose coroutines may outlive the server
    net::Listener listener_;
};

}  // namespace weir::admin
