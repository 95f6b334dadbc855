#pragma once
// Prefix affinity: requests of one conversation go to one endpoint, whose prefix cache then has most of the prompt,
// unless that would load it much more than the others.
//
// Bounded loads (V. Mirrokni, M. Thorup, M. Zadimoghaddam, "Consistent Hashing with Bounded Loads", SODA 2018), over
// rendezvous hashing (D. Thaler, C. Ravishankar, 1998) instead of their ring: with tens of endpoints, comparing all of
// them is cheap, and only the keys of an endpoint that goes are moved, evenly over all others.
//
//   score(x, e)  = -share(e) / ln u      u: a hash of the key and the endpoint's URL, as a fraction between 0 and 1
//   bound(e)     = ceil(1.25 (m + 1) w(e) / W)      m: requests in flight, w(e): S x share, W: its sum
//   x goes to the endpoint with the largest score among those with n + 1 <= bound that fit
//
// By the weights of the shares, an endpoint that comes back slowly takes its conversations back one by one. As the
// bounds add up to more than m, some endpoint is always within its own. Requests that failed count as in the comparison
// by room.

#include <cstdint>
#include <memory>
#include <vector>

namespace weir::admission {

struct Endpoint;

// Of a key on an endpoint: of two endpoints, the one with the larger score is preferred.
[[nodiscard]] double affinity_score(std::uint64_t key, std::uint64_t name_hash, double share);

// How much each of the available endpoints may have in flight when one more request is added.
class LoadBound {
public:
    explicit LoadBound(const std::vector<std::unique_ptr<Endpoint>>& endpoints);

    [[nodiscard]] bool allows(const Endpoint& endpoint) const;

private:
    double load_ = 1;    // with the request that is added
    double weight_ = 0;  // of all
};

}  // namespace weir::admission
