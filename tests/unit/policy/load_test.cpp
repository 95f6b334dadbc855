#include "policy/load.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "policy/show/print.hpp"
#include "policy/yaml/tree.hpp"

namespace weir::policy {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

constexpr std::string_view kFrame = R"(version: 1
listeners: [{ name: public, bind: "127.0.0.1:8080" }]
backends: [{ name: large, endpoints: "http://127.0.0.1:8000", capacity: { requests: 16 } }]
)";

// Each test has a folder of its own, removed with it.
class Load : public testing::Test {
protected:
    Load() {
        std::string pattern = (std::filesystem::temp_directory_path() / "weir-policy-XXXXXX").string();
        folder_ = mkdtemp(pattern.data());
    }
    ~Load() override { std::filesystem::remove_all(folder_); }

    void write(const std::string& name, std::string_view text) const { std::ofstream(folder_ / name) << text; }

    LoadedPolicy load(std::string_view text) const {
        write("policy.yaml", text);
        return load_policy(folder_ / "policy.yaml", {.file_descriptors = 1'000'000});
    }

    LoadedPolicy load_classes(std::string_view classes) const {
        return load(std::string(kFrame) + std::string(classes));
    }

    std::filesystem::path folder_;
};

std::vector<std::string> ids(const LoadedPolicy& loaded) {
    std::vector<std::string> found;
    for (const Diagnostic& diagnostic : loaded.diagnostics) found.push_back(diagnostic.id);
    return found;
}

TEST_F(Load, FillsTheStructsFromEveryPartOfTheFile) {
    const auto loaded = load_classes(R"(
mode: shadow
clients: { trusted_proxies: 10.0.0.0/8 }
classes:
  - name: bulk
    match: { source: [17.0.0.0/8], header: { X-Turn: live }, not: { path: /v1/models } }
    backend: large
    priority: sheddable
    queue_timeout: 0s
    queue: 4
    limits: { requests: { rate: 3000/min }, per_client: { concurrency: 4, mode: shadow } }
    refusal: { retry_after: 2s, tell_no_retry: true }
  - { name: everyone, match: any, backend: large, slo: { first_token: 1s, target: 99.5% } }
tests:
  - name: first
    given: { flood_of: bulk }
    expect: { class: everyone }
)");
    EXPECT_EQ(to_text(loaded.diagnostics, loaded.sources), "");
    ASSERT_TRUE(loaded.policy);
    const Policy& policy = *loaded.policy;
    EXPECT_EQ(policy.mode, admission::Mode::shadow);
    const admission::ClassConfig& bulk = policy.classes.at(0);
    EXPECT_EQ(bulk.match.headers.at(0).first, "x-turn");
    EXPECT_EQ(bulk.match.none_of.at(0).paths.at(0), "/v1/models");
    EXPECT_EQ(bulk.priority, admission::Priority::sheddable);
    EXPECT_EQ(bulk.queue_timeout, Duration::zero());
    EXPECT_EQ(bulk.queue, 4U);
    EXPECT_DOUBLE_EQ(bulk.limits.requests->per_second, 50);
    EXPECT_DOUBLE_EQ(bulk.limits.requests->burst, 300);
    EXPECT_EQ(bulk.per_client.concurrency, 4U);
    EXPECT_EQ(bulk.per_client.mode, admission::Mode::shadow);
    EXPECT_EQ(bulk.limits.mode, admission::Mode::enforce);
    EXPECT_EQ(bulk.refusal.retry_after, Duration(2s));
    EXPECT_TRUE(policy.classes.at(1).match == admission::MatchConfig{});
    EXPECT_DOUBLE_EQ(policy.classes.at(1).slo->target, 0.995);
    EXPECT_FALSE(policy.backends.at(0).health);
    const PolicyTest& test = policy.tests.at(0);
    EXPECT_EQ(test.given, PolicyTest::Situation::flood_of);
    EXPECT_EQ(test.mark.line, 18);
    EXPECT_EQ(test.expect_mark.line, 20);
}

TEST_F(Load, ReadsKeysFromTheirOwnFileNextToThePolicy) {
    const std::string digest(64, 'a');
    write("keys.yaml", "keys: [{ name: acme, plan: team, sha256: " + digest + " }]\n");
    const std::string_view text =
        "clients: { api_keys_file: keys.yaml }\nclasses: [{ name: all, match: any, backend: large }]\n";
    const auto loaded = load_classes(text);
    ASSERT_TRUE(loaded.policy) << to_text(loaded.diagnostics, loaded.sources);
    EXPECT_EQ(loaded.policy->clients.api_keys.at(0).name, "acme");
    EXPECT_EQ(loaded.policy->api_keys_file, (folder_ / "keys.yaml").string());
    write("keys.yaml", "keys: [{ name: acme, plan: crew, sha256: " + digest + " }]\n");
    EXPECT_NE(load_classes(text).policy->hash, loaded.policy->hash);
}

TEST_F(Load, AMissingKeysFileIsAnErrorWhereItIsNamed) {
    const auto loaded = load_classes(R"(clients: { api_keys_file: none.yaml }
classes: [{ name: a, match: { api_key: acme }, backend: large }, { name: all, match: any, backend: large }]
)");
    EXPECT_THAT(ids(loaded), testing::ElementsAre("no-file"));
    EXPECT_EQ(loaded.diagnostics.at(0).mark.line, 4);
}

TEST_F(Load, SecretsAreExpandedAndNeverPrinted) {
    setenv("WEIR_TEST_TOKEN", "hush: #1", 1);
    write("path.txt", "/run/weir.sock\n");
    const auto loaded = load_classes(R"(admin: { bind: "unix:${file:path.txt}", token: "x-${env:WEIR_TEST_TOKEN}" }
classes: [{ name: all, match: any, backend: large, queue_timeout: "${env:WEIR_TEST_NO_SUCH:-3s}" }]
)");
    ASSERT_TRUE(loaded.policy) << to_text(loaded.diagnostics, loaded.sources);
    EXPECT_EQ(loaded.policy->admin.token, "x-hush: #1");
    EXPECT_EQ(loaded.policy->admin.bind.unix_path, "/run/weir.sock");
    EXPECT_EQ(loaded.policy->classes.at(0).queue_timeout, Duration(3s));
    const std::string text = to_json(*loaded.policy);
    EXPECT_THAT(text, Not(HasSubstr("hush")));
    EXPECT_THAT(text, Not(HasSubstr("/run/weir.sock")));
    EXPECT_THAT(text, HasSubstr("\"queue_timeout\": \"***\""));
}

TEST_F(Load, ABadValueFromASecretIsNotQuoted) {
    setenv("WEIR_TEST_TOKEN", "hush", 1);
    const auto loaded =
        load_classes("classes: [{ name: all, match: any, backend: large, queue: \"${env:WEIR_TEST_TOKEN}\" }]\n");
    EXPECT_THAT(ids(loaded), testing::ElementsAre("wrong-type"));
    EXPECT_THAT(to_text(loaded.diagnostics, loaded.sources), Not(HasSubstr("hush")));
}

TEST_F(Load, ATokenInTheFileIsNotShownInAnError) {
    const auto loaded = load_classes(R"(admin: { token: "hush-hush", tokn: 1 }
classes: [{ name: all, match: any, backend: large }]
)");
    EXPECT_THAT(to_text(loaded.diagnostics, loaded.sources), HasSubstr("admin: { token: \"*********\", tokn: 1 }"));
}

TEST_F(Load, AnUnclosedQuoteDoesNotSwallowTheRest) {
    EXPECT_THAT(ids(load("version: 1\nmode: \"shadow\nworkers: 2\n")), testing::ElementsAre("yaml-syntax"));
    EXPECT_THAT(ids(load("version: 1\nmode: 'it''s\nworkers: 2\n")), testing::ElementsAre("yaml-syntax"));
}

TEST_F(Load, ADollarSignCanBeEscaped) {
    const auto loaded = load_classes(R"(admin: { token: "$${env:X} costs $5" }
classes: [{ name: all, match: any, backend: large }]
)");
    ASSERT_TRUE(loaded.policy);
    EXPECT_EQ(loaded.policy->admin.token, "${env:X} costs $5");
}

TEST_F(Load, TheHashIsThatOfTheFile) {
    const std::string text = std::string(kFrame) + "classes: [{ name: all, match: any, backend: large }]\n";
    EXPECT_EQ(load(text).policy->hash, sha256(text));
}

TEST_F(Load, WarningsDoNotRejectAPolicy) {
    const auto loaded = load_classes(
        "classes: [{ name: all, match: any, backend: large, slo: { first_token: 1s }, queue_timeout: 2s }]\n");
    EXPECT_THAT(ids(loaded), testing::ElementsAre("queue-timeout-above-slo"));
    EXPECT_TRUE(loaded.policy);
}

TEST_F(Load, AFileThatIsNotAPolicyIsAnError) {
    EXPECT_THAT(ids(load_policy(folder_ / "none.yaml")), testing::ElementsAre("no-file"));
    EXPECT_THAT(ids(load_policy(folder_)), testing::ElementsAre("no-file"));
    EXPECT_THAT(ids(load("# nothing\n")), testing::ElementsAre("empty-file"));
    EXPECT_THAT(ids(load("just words\n")), testing::ElementsAre("wrong-type"));
    EXPECT_THAT(ids(load(std::string_view("version: 1\0", 11))), testing::ElementsAre("yaml-syntax"));
    EXPECT_THAT(ids(load(std::string(kMaxPolicyBytes + 1, '#'))), testing::ElementsAre("too-large"));
}

TEST_F(Load, SizeAndDepthAreBounded) {
    std::string many = "version: [";
    for (std::size_t i = 0; i <= kMaxPolicyNodes; ++i) many += "a,";
    EXPECT_THAT(ids(load(many + "]")), testing::ElementsAre("too-large"));
    EXPECT_THAT(ids(load(std::string(100'000, '['))), testing::ElementsAre("yaml-syntax"));
}

TEST_F(Load, AnchorsAliasesAndTagsAreRefused) {
    EXPECT_THAT(ids(load("version: &v 1\nlisteners: *v\n")), testing::Each("yaml-alias"));
    EXPECT_THAT(ids(load_classes("mode: !!str shadow\nclasses: [{ name: all, match: any, backend: large }]\n")),
                testing::ElementsAre("yaml-tag"));
}

TEST_F(Load, AHeaderMayLowerAPriority) {
    const auto loaded = load_classes(R"(classes:
  - { name: batch, match: { header: { x-batch: "1" } }, backend: large, priority: low }
  - { name: everyone, match: any, backend: large, priority: high }
)");
    EXPECT_TRUE(loaded.policy) << to_text(loaded.diagnostics, loaded.sources);
}

TEST_F(Load, AHeaderMayRaiseThePriorityOfATrustedNetwork) {
    const auto loaded = load_classes(R"(classes:
  - { name: live, match: { header: { x-live: "1" }, source: 10.0.0.0/8 }, backend: large, priority: critical }
  - { name: everyone, match: any, backend: large }
)");
    EXPECT_TRUE(loaded.policy) << to_text(loaded.diagnostics, loaded.sources);
}

}  // namespace
}  // namespace weir::policy
