#pragma once
// Policies from text, read the same way as a file.

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include "policy/load.hpp"

namespace weir::test {

// The policy that a file with this text holds. REQUIRES: it is without errors, or the test fails.
inline policy::Policy policy_of(std::string_view text) {
    std::string folder = (std::filesystem::temp_directory_path() / "weir-policy-XXXXXX").string();
    EXPECT_NE(mkdtemp(folder.data()), nullptr);
    const std::filesystem::path path = std::filesystem::path(folder) / "policy.yaml";
    std::ofstream(path) << text;
    policy::LoadedPolicy loaded = policy::load_policy(path, {.file_descriptors = 1'000'000});
    std::filesystem::remove_all(folder);
    EXPECT_TRUE(loaded.policy) << policy::to_text(loaded.diagnostics, loaded.sources);
    return loaded.policy.value_or(policy::Policy{});
}

}  // namespace weir::test
