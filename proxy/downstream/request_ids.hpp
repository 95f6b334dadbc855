#pragma once
// Ids of requests and traces. They identify requests and are not secret. Belongs to one loop.

#include <array>
#include <cstdint>

#include "downstream/request_id.hpp"

namespace weir::downstream {

// `version-traceid-parentid-flags` (W3C Trace Context).
using Traceparent = std::array<char, 55>;

class RequestIds {
public:
    // `worker` makes the ids of different workers distinct.
    explicit RequestIds(std::uint32_t worker);

    // 26 characters, unique over all workers and restarts.
    [[nodiscard]] RequestId next();
    // A new trace, for callers without one: version 00, sampled.
    [[nodiscard]] Traceparent next_traceparent();
    // Uniform in [0, 1), for jitter.
    [[nodiscard]] double random();

private:
    std::array<char, 16> prefix_;
    std::uint64_t next_ = 0;
    std::uint64_t random_state_;
};

}  // namespace weir::downstream
