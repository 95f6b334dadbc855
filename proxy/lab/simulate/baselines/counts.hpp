#pragma once
// Requests in flight on each endpoint, and the least loaded endpoint.
//
// Not thread-safe.

#include <cstdint>
#include <vector>

#include "admission/config.hpp"
#include "base/ids.hpp"

namespace weir::simulate {

class Counts {
public:
    struct Endpoint {
        EndpointId id;
        std::uint32_t limit;
        std::uint32_t inflight = 0;
        bool available = true;
    };

    // Limits are the endpoints' requests times `share`, at least 1; with no share, there are none.
    explicit Counts(const std::vector<admission::JudgeEndpoint>& endpoints, double share = 0);

    // The available endpoint with fewest in flight, of those for which `fits` holds; null when there is none.
    template <typename Fits>
    [[nodiscard]] Endpoint* fewest(Fits fits) {
        Endpoint* best = nullptr;
        for (Endpoint& endpoint : endpoints_) {
            if (!endpoint.available || !fits(endpoint)) continue;
            if (best == nullptr || endpoint.inflight < best->inflight) best = &endpoint;
        }
        return best;
    }
    // The one below its limit with fewest in flight; kNoEndpoint when all are full.
    [[nodiscard]] EndpointId with_capacity();

    void take(EndpointId id);
    // REQUIRES: taken.
    void give_back(EndpointId id);
    void set_available(EndpointId id, bool available);

    [[nodiscard]] bool any_available() const;
    [[nodiscard]] std::uint32_t inflight() const { return inflight_; }
    // Of the available ones, together.
    [[nodiscard]] std::uint32_t limit() const;
    [[nodiscard]] const std::vector<Endpoint>& endpoints() const { return endpoints_; }

private:
    [[nodiscard]] Endpoint& find(EndpointId id);

    std::vector<Endpoint> endpoints_;
    std::uint32_t inflight_ = 0;
};

}  // namespace weir::simulate
