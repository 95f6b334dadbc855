#pragma once
// Runs a policy's own `tests:` through the classifier and the judge that serve, so that a policy which does not do what
// its author says never goes live.

#include <filesystem>
#include <optional>
#include <string>

#include "policy/diagnostic.hpp"
#include "policy/load.hpp"
#include "policy/policy.hpp"

namespace weir::app {

// One error for each expectation that does not hold, at the place of the test's `expect`.
[[nodiscard]] policy::Diagnostics run_policy_tests(const policy::Policy& policy);

struct TestOptions {
    bool served = false;  // this process is about to serve it, and must have the descriptors that it needs
    bool files = true;    // the certificates, keys and folders that it names are looked at as well
    std::optional<std::string> text{};  // the policy itself, instead of the file
};

// Loads a policy and, when nothing is wrong with it so far, looks at the files it names and runs its tests: what
// `check`, `serve` and a reload all hold a file to.
[[nodiscard]] policy::LoadedPolicy load_and_test(const std::filesystem::path& file, const TestOptions& options);

}  // namespace weir::app
