#include "admission/gate/gate.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>

namespace weir::admission {
namespace {

// Whether a is emptier than b: n/S compared without dividing.
bool has_more_room(const Endpoint& a, const Endpoint& b) {
    return std::uint64_t{a.inflight} * b.limit < std::uint64_t{b.inflight} * a.limit;
}

}  // namespace

std::uint32_t EndpointGate::usable(std::uint32_t limit, double room) {
    // 0.9 is not exact in binary; a whole number must not be missed by its last bit.
    constexpr double kRounding = 1e-9;
    return std::max(1U, static_cast<std::uint32_t>(std::floor(limit * (1 - room) + kRounding)));
}

template <typename Fits>
Endpoint* EndpointGate::most_room(Fits fits, EndpointId lost) {
    Endpoint* best = nullptr;
    for (std::size_t i = 0; i < endpoints_.size(); ++i) {
        Endpoint& endpoint = endpoints_[(turn_ + i) % endpoints_.size()];
        if (!endpoint.available || !fits(endpoint)) continue;
        const bool better = best != nullptr && endpoint.id != lost && has_more_room(endpoint, *best);
        if (best == nullptr || best->id == lost || better) best = &endpoint;
    }
    return best;
}

Endpoint* EndpointGate::choose(double room, EndpointId lost) {
    return most_room([room](const Endpoint& e) { return e.inflight < usable(e.limit, room); }, lost);
}

Endpoint* EndpointGate::least_loaded(EndpointId lost) {
    return most_room([](const Endpoint&) { return true; }, lost);
}

void EndpointGate::take(Endpoint& endpoint) {
    ++endpoint.inflight;
    turn_ = static_cast<std::size_t>(&endpoint - endpoints_.data()) + 1;
}

void EndpointGate::give_back(EndpointId id) {
    Endpoint* endpoint = find(id);
    assert(endpoint != nullptr && endpoint->inflight > 0);
    if (--endpoint->inflight == 0 && !endpoint->configured) {
        endpoints_.erase(endpoints_.begin() + (endpoint - endpoints_.data()));
    }
}

void EndpointGate::set_available(EndpointId id, bool available) {
    // Health may speak of an endpoint that a reload has just removed.
    if (Endpoint* endpoint = find(id); endpoint != nullptr && endpoint->configured) endpoint->available = available;
}

bool EndpointGate::any_available() const {
    return std::any_of(endpoints_.begin(), endpoints_.end(), [](const Endpoint& e) { return e.available; });
}

void EndpointGate::reconfigure(std::span<const JudgeEndpoint> endpoints) {
    for (Endpoint& endpoint : endpoints_) {
        const bool stays = std::any_of(endpoints.begin(), endpoints.end(),
                                       [&](const JudgeEndpoint& wanted) { return wanted.id == endpoint.id; });
        endpoint.available = stays && (endpoint.available || !endpoint.configured);
        endpoint.configured = stays;
    }
    for (const JudgeEndpoint& wanted : endpoints) {
        if (Endpoint* endpoint = find(wanted.id)) {
            endpoint->limit = wanted.requests;
        } else {
            endpoints_.push_back({wanted.id, wanted.requests});
        }
    }
    std::erase_if(endpoints_, [](const Endpoint& e) { return !e.configured && e.inflight == 0; });
}

Endpoint* EndpointGate::find(EndpointId id) {
    const auto found =
        std::find_if(endpoints_.begin(), endpoints_.end(), [id](const Endpoint& e) { return e.id == id; });
    return found == endpoints_.end() ? nullptr : &*found;
}

}  // namespace weir::admission
