#pragma once
// Runs a policy's own `tests:` through the classifier and the judge that serve, so that a policy which does not do what
// its author says never goes live.

#include <filesystem>

#include "policy/diagnostic.hpp"
#include "policy/load.hpp"
#include "policy/policy.hpp"

namespace weir::app {

// One error for each expectation that does not hold, at the place of the test's `expect`.
[[nodiscard]] policy::Diagnostics run_policy_tests(const policy::Policy& policy);

// Loads a policy and, when nothing is wrong with it so far, runs its tests: what `check`, `serve` and a reload all hold
// a file to. `served`: this process is about to serve it, and must have the file descriptors that it needs.
[[nodiscard]] policy::LoadedPolicy load_and_test(const std::filesystem::path& file, bool served);

}  // namespace weir::app
