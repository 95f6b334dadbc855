#pragma once
// The gate: which endpoint takes the next request, if any may.
//
//   fits(e, room) = available and ( n(e) = 0  or  n(e) + 1 <= S(e) (1 - room) )
//
// An idle endpoint takes a request whatever its limit says, so that small limits starve nobody. Among those that fit,
// the one with most room, which is the smallest n/S; equals take turns.
// Not thread-safe: the judge's lock covers it.

#include <cstdint>
#include <span>
#include <vector>

#include "admission/config.hpp"

namespace weir::admission {

struct Endpoint {
    EndpointId id = kNoEndpoint;
    std::uint32_t limit = 1;     // S
    std::uint32_t inflight = 0;  // n
    bool available = true;
    bool configured = true;  // false: gone from the policy, kept until its last request ends
};

class EndpointGate {
public:
    explicit EndpointGate(std::span<const JudgeEndpoint> endpoints) { reconfigure(endpoints); }

    // Requests that an endpoint may have in flight with `room` kept free: S (1 - room), at least 1.
    [[nodiscard]] static std::uint32_t usable(std::uint32_t limit, double room);

    // The endpoint that takes a request, or null when none fits. `lost` comes last: a request that came back from it is
    // better off elsewhere, but does not keep a slot empty and everybody behind it waiting.
    [[nodiscard]] Endpoint* choose(double room, EndpointId lost = kNoEndpoint);
    // The available endpoint with the smallest n/S, full or not; null when none is available.
    [[nodiscard]] Endpoint* least_loaded(EndpointId lost = kNoEndpoint);

    void take(Endpoint& endpoint);
    // REQUIRES: a request is in flight there.
    void give_back(EndpointId id);

    void set_available(EndpointId id, bool available);
    [[nodiscard]] bool any_available() const;

    // By id: limits change, counts stay; new endpoints are available, missing ones take nothing more.
    void reconfigure(std::span<const JudgeEndpoint> endpoints);

    [[nodiscard]] std::span<const Endpoint> endpoints() const { return endpoints_; }

private:
    template <typename Fits>
    [[nodiscard]] Endpoint* most_room(Fits fits, EndpointId lost);
    [[nodiscard]] Endpoint* find(EndpointId id);

    std::vector<Endpoint> endpoints_;
    std::size_t turn_ = 0;  // where the next search starts
};

}  // namespace weir::admission
