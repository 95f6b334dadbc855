#include "trials/policy_tests.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/policies.hpp"

namespace weir::trials {
namespace {

using testing::HasSubstr;

policy::Diagnostics run(std::string_view tests, std::string_view mode = "enforce") {
    const std::string text = R"(version: 1
listeners: [{ name: public, bind: "127.0.0.1:8080" }]
backends:
  - { name: model, endpoints: "http://127.0.0.1:8000", capacity: { requests: 4 } }
  - { name: claude, dialect: anthropic, endpoints: "http://127.0.0.1:8001", capacity: { requests: 4 } }
classes:
  - { name: bulk, match: { path: /bulk }, backend: model, priority: sheddable, queue: 2 }
  - { name: messages, match: { path: /v1/messages }, backend: claude, priority: high }
  - { name: metered, match: { path: /metered }, backend: model, limits: { concurrency: 1 } }
  - { name: everyone, match: any, backend: model, priority: high }
)" + ("mode: " + std::string(mode)) +
                             "\ntests:\n" + std::string(tests);
    return run_policy_tests(test::policy_of(text));
}

TEST(PolicyTests, ReportNothingWhenEveryExpectationHolds) {
    const auto failures = run(R"(
  - { name: idle, expect: { class: everyone, decision: admit, status: 200 } }
  - { name: by path, request: { path: /bulk }, expect: { class: bulk } }
  - { name: its queue is full, request: { path: /bulk }, given: { queue: full }, expect: { decision: refuse, reason: queue_full, status: 503 } }
  - { name: a flood of bulk, given: { flood_of: bulk }, expect: { decision: admit } }
  - { name: a dialect of its own, request: { path: /v1/messages }, given: { queue: full }, expect: { decision: refuse, status: 529 } }
  - { name: a flood elsewhere, request: { path: /v1/messages }, given: { flood_of: bulk }, expect: { decision: admit } }
  - { name: over its limit, request: { path: /metered }, given: { queue: full }, expect: { decision: refuse, reason: class_concurrency, status: 429 } }
)");
    for (const auto& failure : failures) ADD_FAILURE() << failure.message << "; " << failure.help;
}

TEST(PolicyTests, ReportEveryExpectationThatDoesNotHold) {
    const auto failures = run(R"(
  - name: all wrong
    expect: { class: bulk, decision: refuse, reason: queue_full, status: 503 }
)");
    ASSERT_EQ(failures.size(), 4U);
    EXPECT_EQ(failures[0].id, "policy-test");
    EXPECT_EQ(failures[0].severity, policy::Severity::error);
    EXPECT_THAT(failures[0].message, HasSubstr("test 'all wrong': expected class 'bulk', got 'everyone'"));
    EXPECT_THAT(failures[1].message, HasSubstr("expected decision 'refuse', got 'admit'"));
    EXPECT_THAT(failures[2].message, HasSubstr("expected reason 'queue_full', got 'admitted'"));
    EXPECT_THAT(failures[3].message, HasSubstr("expected status '503', got '200'"));
    EXPECT_THAT(failures[0].help, HasSubstr("class 'everyone', decision 'admit'"));
    EXPECT_EQ(failures[0].mark.line, 15);
}

TEST(PolicyTests, QueueBehindAFloodOfTheirOwnClass) {
    const auto failures =
        run("  - { name: x, request: { path: /bulk }, given: { flood_of: everyone }, expect: { decision: queue } }\n");
    for (const auto& failure : failures) ADD_FAILURE() << failure.message << "; " << failure.help;
}

// In shadow nothing is ever refused: a flood must still end, however many classes there are.
TEST(PolicyTests, EndTheirFloodsInShadow) {
    std::string text = R"(version: 1
mode: shadow
listeners: [{ name: public, bind: "127.0.0.1:8080" }]
backends: [{ name: model, endpoints: "http://127.0.0.1:8000", capacity: { requests: 16 } }]
tests: [{ name: full, given: { queue: full }, expect: { decision: admit } }]
classes:
)";
    for (int i = 0; i < 40; ++i) {
        text +=
            "  - { name: c" + std::to_string(i) + ", match: { path: /" + std::to_string(i) + " }, backend: model }\n";
    }
    const auto failures = run_policy_tests(test::policy_of(text + "  - { name: rest, match: any, backend: model }\n"));
    for (const auto& failure : failures) ADD_FAILURE() << failure.message << "; " << failure.help;
}

}  // namespace
}  // namespace weir::trials
