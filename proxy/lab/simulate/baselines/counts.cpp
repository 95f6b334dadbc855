#include "lab/simulate/baselines/counts.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>

namespace weir::simulate {

Counts::Counts(const std::vector<admission::JudgeEndpoint>& endpoints, double share) {
    for (const auto& endpoint : endpoints) {
        const double limit = std::max(std::floor(share * endpoint.requests), 1.0);
        const auto unlimited = std::numeric_limits<std::uint32_t>::max();
        endpoints_.push_back({endpoint.id, share > 0 ? static_cast<std::uint32_t>(limit) : unlimited});
    }
}

EndpointId Counts::with_capacity() {
    const Endpoint* best = fewest([](const Endpoint& endpoint) { return endpoint.inflight < endpoint.limit; });
    return best == nullptr ? kNoEndpoint : best->id;
}

void Counts::take(EndpointId id) {
    ++find(id).inflight;
    ++inflight_;
}

void Counts::give_back(EndpointId id) {
    --find(id).inflight;
    --inflight_;
}

void Counts::set_available(EndpointId id, bool available) { find(id).available = available; }

bool Counts::any_available() const {
    return std::any_of(endpoints_.begin(), endpoints_.end(), [](const auto& endpoint) { return endpoint.available; });
}

std::uint32_t Counts::limit() const {
    std::uint32_t sum = 0;
    for (const Endpoint& endpoint : endpoints_) sum += endpoint.available ? endpoint.limit : 0;
    return sum;
}

Counts::Endpoint& Counts::find(EndpointId id) {
    const auto found =
        std::find_if(endpoints_.begin(), endpoints_.end(), [id](const auto& entry) { return entry.id == id; });
    assert(found != endpoints_.end());
    return *found;
}

}  // namespace weir::simulate
