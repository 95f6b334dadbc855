#pragma once
// Runs a policy's own `tests:` through the classifier and the judge that serve, so that a policy that does not do what
// its author expects never goes live.

#include "policy/diagnostic.hpp"
#include "policy/policy.hpp"

namespace weir::trials {

// One error for each expectation that does not hold, at the place of the test's `expect`.
[[nodiscard]] policy::Diagnostics run_policy_tests(const policy::Policy& policy);

}  // namespace weir::trials
