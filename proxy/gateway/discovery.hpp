#pragma once
// Finds the endpoints of backends whose policy names a DNS name or a file instead of listing them.
//
// The last ones known stay while a look-up fails or a file cannot be read: a failing name server takes no backend down.
// Runs on the control loop.

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "net/dns.hpp"
#include "net/event_loop.hpp"
#include "policy/policy.hpp"
#include "upstream/config.hpp"

namespace weir::gateway {

class Discovery {
public:
    // Whether none of the endpoints of the backend of that name is available.
    using IsDown = std::function<bool(std::string_view backend)>;

    // `on_change` is called, on the loop, after the endpoints of a backend have changed. REQUIRES: `dns` outlives it.
    Discovery(net::EventLoop& loop, net::Dns& dns, std::function<void()> on_change, IsDown is_down);
    ~Discovery();
    Discovery(const Discovery&) = delete;
    Discovery& operator=(const Discovery&) = delete;

    // Watches the sources of these backends from now on, and forgets all others. A source that stays keeps what it has
    // found.
    void watch(const std::vector<upstream::BackendConfig>& backends);
    // Puts the endpoints that are known by now into the backends of a policy.
    void fill(policy::Policy& policy) const;

private:
    class Source;
    class DnsSource;
    class FileSource;

    net::EventLoop& loop_;
    net::Dns& dns_;
    std::function<void()> on_change_;
    IsDown is_down_;
    std::map<std::string, std::unique_ptr<Source>> sources_;  // by the backend's name
};

}  // namespace weir::gateway
