#include "admission/gate/affinity.hpp"

#include <algorithm>
#include <cmath>

#include "admission/gate/endpoint.hpp"
#include "base/stable_hash.hpp"

namespace weir::admission {
namespace {

constexpr double kImbalance = 1.25;

double load_of(const Endpoint& endpoint) { return endpoint.inflight + endpoint.failed.requests(); }

double weight_of(const Endpoint& endpoint) { return std::max(endpoint.limit, 1U) * endpoint.share; }

}  // namespace

double affinity_score(std::uint64_t key, std::uint64_t name_hash, double share) {
    // Its upper 53 bits, which a double holds exactly; the half keeps it off 0 and 1.
    const std::uint64_t mixed = StableHash::mix(key ^ name_hash);
    const double fraction = (static_cast<double>(mixed >> 11) + 0.5) * 0x1p-53;
    return -share / std::log(fraction);
}

LoadBound::LoadBound(const std::vector<std::unique_ptr<Endpoint>>& endpoints) {
    for (const auto& endpoint : endpoints) {
        if (!endpoint->available) continue;
        load_ += load_of(*endpoint);
        weight_ += weight_of(*endpoint);
    }
}

bool LoadBound::allows(const Endpoint& endpoint) const {
    constexpr double kRounding = 1e-9;  // a whole number must not be missed by its last bit
    return load_of(endpoint) + 1 <= std::ceil(kImbalance * load_ * weight_of(endpoint) / weight_ - kRounding);
}

}  // namespace weir::admission
