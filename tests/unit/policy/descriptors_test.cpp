#include "policy/checks/descriptors.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "policy/load.hpp"

namespace weir::policy {
namespace {

// 16 requests on each of two endpoints, plus 64 of Weir's own files.
constexpr std::string_view kRest = R"(
listeners: [{ name: public, bind: "127.0.0.1:8080" }]
backends: [{ name: large, endpoints: ["http://127.0.0.1:1", "http://127.0.0.1:2"], capacity: { requests: 16 } }]
classes: [{ name: everyone, match: any, backend: large }]
)";

class Descriptors : public testing::Test {
protected:
    Descriptors() {
        std::string pattern = (std::filesystem::temp_directory_path() / "weir-policy-XXXXXX").string();
        folder_ = mkdtemp(pattern.data());
    }
    ~Descriptors() override { std::filesystem::remove_all(folder_); }

    LoadedPolicy load(std::uint64_t descriptors, std::string_view limits = {}, bool served = false) const {
        std::ofstream(folder_ / "policy.yaml") << "version: 1\n" << limits << kRest;
        return load_policy(folder_ / "policy.yaml", {.file_descriptors = descriptors, .served = served});
    }

    std::filesystem::path folder_;
};

TEST_F(Descriptors, LeaveTheDefaultUnchangedWhereThereAreEnough) {
    const LoadedPolicy loaded = load(16'000 + 32 + 64);
    EXPECT_EQ(loaded.policy.value().limits.connections, 16'000U);
    EXPECT_FALSE(loaded.policy->fitted_to_descriptors);
    EXPECT_TRUE(loaded.diagnostics.empty());
}

TEST_F(Descriptors, LowerTheDefaultToWhatTheyAllow) {
    const LoadedPolicy loaded = load(1024);
    EXPECT_EQ(loaded.policy.value().limits.connections, 1024U - 32 - 64);
    EXPECT_EQ(loaded.policy->fitted_to_descriptors, 1024U);
    EXPECT_TRUE(loaded.diagnostics.empty());
}

TEST_F(Descriptors, AreTwoPerConnectionWhereTheBackendsTakeThemAll) {
    std::string text(kRest);
    text.replace(text.find("requests: 16"), 12, "requests: 90000");
    std::ofstream(folder_ / "many.yaml") << "version: 1\n" << text;
    const LoadedPolicy loaded = load_policy(folder_ / "many.yaml", {.file_descriptors = 1064});
    EXPECT_EQ(loaded.policy.value().limits.connections, 500U);
}

TEST_F(Descriptors, AreReportedBelowTheFewestConnections) {
    EXPECT_EQ(load(64 + 32 + kFewestConnections).policy.value().limits.connections, kFewestConnections);
    const LoadedPolicy checked = load(64 + 32 + kFewestConnections - 1);
    ASSERT_EQ(checked.diagnostics.size(), 1U);
    EXPECT_EQ(checked.diagnostics[0].id, "too-few-descriptors");
    EXPECT_TRUE(checked.policy);
    EXPECT_FALSE(load(64 + 32 + kFewestConnections - 1, {}, true).policy);
}

TEST_F(Descriptors, AreRequiredAsWritten) {
    constexpr std::string_view kWritten = "limits: { connections: 1000 }\n";
    EXPECT_TRUE(load(1000 + 32 + 64, kWritten, true).diagnostics.empty());
    const LoadedPolicy checked = load(1000 + 32 + 63, kWritten);
    ASSERT_EQ(checked.diagnostics.size(), 1U);
    EXPECT_EQ(checked.diagnostics[0].severity, Severity::warning);
    EXPECT_EQ(checked.policy.value().limits.connections, 1000U);
    EXPECT_FALSE(load(1000 + 32 + 63, kWritten, true).policy);
}

}  // namespace
}  // namespace weir::policy
