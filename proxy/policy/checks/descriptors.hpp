#pragma once
// Whether the process can open what a policy's connections need: one file descriptor each, and one more for those whose
// request is at a backend.

#include <cstdint>

#include "policy/diagnostic.hpp"
#include "policy/policy.hpp"
#include "policy/yaml/tree.hpp"

namespace weir::policy {

// Fewer client connections than this are no gateway: health checks, a balancer's kept connections and one page of a
// browser would fill it, and everybody else would be refused for no reason that a policy names.
inline constexpr std::uint32_t kFewestConnections = 64;

// Holds limits.connections of `policy`, which was read from `root`, against `descriptors`. What is written and does not
// fit is told: as a warning, or as an error when the policy is about to be `served` by this very process. What is not
// written is lowered to what fits, and told only when that is less than kFewestConnections.
void fit_connections(Policy& policy, const Node& root, std::uint64_t descriptors, bool served,
                     Diagnostics& diagnostics);

}  // namespace weir::policy
