#pragma once
// Whether the process can open what a policy's connections need: one file descriptor each, and another one while their
// request is at a backend.

#include <cstdint>

#include "policy/diagnostic.hpp"
#include "policy/policy.hpp"
#include "policy/yaml/tree.hpp"

namespace weir::policy {

// With fewer client connections than this a gateway is useless: health checks, a balancer's kept connections and one
// browser page would fill it, and all other clients would be refused for a reason that no policy states.
inline constexpr std::uint32_t kFewestConnections = 64;

// Compares limits.connections of `policy`, which was read from `root`, with `descriptors`. A written value that does
// not fit is reported: as a warning, or as an error when the policy is about to be `served` by this process. A default
// is lowered to what fits, and reported only when that is less than kFewestConnections.
void fit_connections(Policy& policy, const Node& root, std::uint64_t descriptors, bool served,
                     Diagnostics& diagnostics);

}  // namespace weir::policy
