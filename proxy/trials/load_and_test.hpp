#pragma once
// A policy file checked as far as is possible before it serves.

#include <filesystem>
#include <optional>
#include <string>

#include "policy/load.hpp"

namespace weir::trials {

struct TestOptions {
    bool served = false;  // this process is about to serve it, and must have the descriptors that it needs
    bool files = true;    // also check the certificates, keys and folders that it names, and have its secrets
    std::optional<std::string> text{};  // the policy's text, instead of the file
};

// Loads a policy and, if it has no errors so far, checks the files it names and runs its tests: `check`, `serve` and a
// reload all apply the same checks.
[[nodiscard]] policy::LoadedPolicy load_and_test(const std::filesystem::path& file, const TestOptions& options);

}  // namespace weir::trials
