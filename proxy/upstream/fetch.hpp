#pragma once
// A GET of Weir's own to an endpoint: health checks, and readings of an engine's metrics.

#include <cstddef>
#include <string>
#include <string_view>

#include "net/task.hpp"
#include "net/waker.hpp"
#include "upstream/endpoint.hpp"

namespace weir::upstream {

struct Fetched {
    int status = 0;    // 0: no answer in time, or none that is HTTP
    std::string body;  // as far as it was asked for
    WhyDown fault{};   // why there is no answer

    [[nodiscard]] bool success() const { return status >= 200 && status < 300; }
};

// Asks on a connection of its own, which is closed afterwards, by `deadline` at the latest. Up to `most` bytes of the
// body are waited for; with 0 the head is enough. A longer body, or one that breaks off, is no answer.
// Uses `timer` and `waker`; control loop only. REQUIRES: `endpoint` outlives it.
[[nodiscard]] net::task<Fetched> fetch(Endpoint& endpoint, std::string_view path, std::size_t most, net::Waker& waker,
                                       net::Timer& timer, TimePoint deadline);

}  // namespace weir::upstream
