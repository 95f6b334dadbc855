#pragma once
// The operator's door on the network: HTTP on the control loop, apart from all client traffic.
//
// Requests here are few and small, so that Boost.Beast and Asio's coroutines do what the data path does by hand: a
// connection is one coroutine, kept alive from one request to the next. What a request is answered is door.hpp's.
//
// Single-threaded: the loop's.

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
    // Takes over `fd`, a listening socket. REQUIRES: `loop` outlives the server.
    Server(net::EventLoop& loop, int fd, std::vector<Route> routes);
    ~Server();

    void set_token(const std::optional<std::string>& token);
    void set_names(std::vector<std::string> names);

private:
    struct State;
    class Session;

    std::shared_ptr<State> state_;  // the connections' too: the loop may hold their coroutines longer than the server
    net::Listener listener_;
};

}  // namespace weir::admin
