#pragma once
// A request of Weir's own to an endpoint: health checks, and reads of an engine's metrics.

#include <cstddef>
#include <string>
#include <string_view>

#include "net/task.hpp"
#include "net/waker.hpp"
#include "upstream/backend.hpp"

namespace weir::upstream {

struct Fetched {
    int status = 0;      // 0: no HTTP answer in time
    std::string body{};  // as much as was wanted
    WhyDown fault{};     // why there is no answer

    [[nodiscard]] bool success() const { return status >= 200 && status < 300; }
    // Why a health check failed; none if it did not.
    [[nodiscard]] WhyDown fault_of(const HealthConfig& config) const;
};

// A GET of `path` as the backend's endpoints are asked: with its credentials, its fields and the endpoint's own prefix.
[[nodiscard]] std::string get_request(const Backend& backend, const Endpoint& endpoint, std::string_view path);

// A health check, as the backend's policy describes it. REQUIRES: it does.
[[nodiscard]] std::string check_request(const Backend& backend, const Endpoint& endpoint);

// How much of an answer's body is waited for.
struct WantedBody {
    std::size_t max = 0;      // bytes; with 0 the head is enough
    bool is_cut_off = false;  // the first `max` bytes of a longer body will do; otherwise it counts as no answer
};

// Sends `request` on a connection of its own, which is closed afterwards, by `deadline` at the latest. A body that
// breaks off earlier counts as no answer. Uses `timer` and `waker`; control loop only. REQUIRES: `endpoint` outlives
// it.
[[nodiscard]] net::task<Fetched> fetch(Endpoint& endpoint, std::string request, WantedBody wanted, net::Waker& waker,
                                       net::Timer& timer, TimePoint deadline);

}  // namespace weir::upstream
