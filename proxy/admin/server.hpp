#pragma once
// The operator's door: a small HTTP server on the control loop, apart from all client traffic.
//
// It knows paths and tokens; what stands behind a path is told to it.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "admin/config.hpp"
#include "base/result.hpp"
#include "net/event_loop.hpp"
#include "net/socket.hpp"

namespace weir::admin {

struct Request {
    std::string_view method;
    std::string_view path;  // without the query
};

struct Answer {
    int status = 200;
    std::string_view content_type = "text/plain; charset=utf-8";
    std::string body;
};

// A path and what answers it. `needs_token`: only with the bearer token, where the policy sets one.
struct Route {
    std::string path;
    bool needs_token = false;
    std::function<Answer()> answer;
};

class Server {
public:
    // Takes over `fd`, a listening socket. Loop's thread only, like everything here.
    Server(net::EventLoop& loop, int fd, std::vector<Route> routes);
    ~Server();

    void set_token(std::optional<std::string> token);
    // Who asks under another name than these, localhost or an address is answered 421.
    void set_names(std::vector<std::string> names);

    struct Impl;

private:
    std::unique_ptr<Impl> impl_;
};

}  // namespace weir::admin
