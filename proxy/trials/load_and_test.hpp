#pragma once
// A policy's file held to everything that can be known of it before it serves.

#include <filesystem>
#include <optional>
#include <string>

#include "policy/load.hpp"

namespace weir::trials {

struct TestOptions {
    bool served = false;  // this process is about to serve it, and must have the descriptors that it needs
    bool files = true;    // the certificates, keys and folders that it names are looked at as well
    std::optional<std::string> text{};  // the policy itself, instead of the file
};

// Loads a policy and, when nothing is wrong with it so far, looks at the files it names and runs its tests: what
// `check`, `serve` and a reload all hold a file to.
[[nodiscard]] policy::LoadedPolicy load_and_test(const std::filesystem::path& file, const TestOptions& options);

}  // namespace weir::trials
