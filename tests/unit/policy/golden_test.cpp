// Broken policies and the exact diagnostics for them. To regenerate the expected texts after a change of wording, run
// WEIR_UPDATE_GOLDEN=1 unit_policy --gtest_filter='*Golden*', and review the difference before committing it.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "policy/load.hpp"

namespace weir::policy {
namespace {

const std::filesystem::path kFolder = std::filesystem::path(WEIR_SOURCE_DIR) / "tests/golden/policy";

std::string contents(const std::filesystem::path& path) {
    std::ostringstream text;
    text << std::ifstream(path).rdbuf();
    return text.str();
}

// The rendered diagnostics without the machine's own path.
std::string diagnose(const std::filesystem::path& path) {
    const LoadedPolicy loaded = load_policy(path, {.file_descriptors = 1'000'000});
    std::string text = to_text(loaded.diagnostics, loaded.sources);
    const std::string folder = kFolder.string() + "/";
    for (std::size_t at = text.find(folder); at != std::string::npos; at = text.find(folder, at)) {
        text.erase(at, folder.size());
    }
    return text;
}

std::vector<std::string> cases() {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(kFolder)) {
        if (entry.path().extension() == ".yaml") names.push_back(entry.path().stem().string());
    }
    std::sort(names.begin(), names.end());
    return names;
}

class Golden : public testing::TestWithParam<std::string> {};

TEST_P(Golden, BrokenPolicyIsExplainedInTheseWords) {
    const auto expected = kFolder / (GetParam() + ".txt");
    const std::string actual = diagnose(kFolder / (GetParam() + ".yaml"));
    if (std::getenv("WEIR_UPDATE_GOLDEN") != nullptr) std::ofstream(expected) << actual;
    ASSERT_FALSE(actual.empty());
    EXPECT_EQ(actual, contents(expected));
}

INSTANTIATE_TEST_SUITE_P(Policies, Golden, testing::ValuesIn(cases()), [](const auto& param) { return param.param; });

}  // namespace
}  // namespace weir::policy
