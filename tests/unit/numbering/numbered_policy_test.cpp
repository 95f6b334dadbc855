#include "numbering/numbered_policy.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "support/policies.hpp"

namespace weir::numbering {
namespace {

using testing::HasSubstr;

// Two backends; `extra` may add keys to the first.
std::string two_backends(std::string_view extra = {}) {
    return R"(version: 1
listeners: [{ name: public, bind: "127.0.0.1:8080" }]
backends:
  - { name: large, endpoints: ["http://127.0.0.1:8000", "http://127.0.0.1:8001"], capacity: { requests: 16 })" +
           std::string(extra) + R"( }
  - { name: small, endpoints: "http://127.0.0.1:9000", capacity: { requests: 4 } }
classes:
  - { name: a, match: { path: /a }, backend: large, priority: high }
  - { name: b, match: { path: /b }, backend: small }
  - { name: c, match: any, backend: large, priority: low }
)";
}

TEST(JudgeConfig, HasTheClassesOfItsBackendAndEachEndpointsCapacity) {
    Names names;
    const NumberedPolicy numbered = number(test::policy_of(two_backends()), names).value();
    const auto large = judge_config(numbered, 0);
    ASSERT_EQ(large.endpoints.size(), 2U);
    EXPECT_EQ(large.endpoints[1].requests, 16U);
    EXPECT_NE(large.endpoints[0].id, large.endpoints[1].id);
    ASSERT_EQ(large.classes.size(), 2U);
    EXPECT_EQ(large.classes[0].config.name, "a");
    EXPECT_EQ(large.classes[1].config.name, "c");
    const auto small = judge_config(numbered, 1);
    ASSERT_EQ(small.classes.size(), 1U);
    EXPECT_EQ(names.classes.names()[index(small.classes[0].id)], "b");
    EXPECT_EQ(small.endpoints[0].requests, 4U);
}

TEST(JudgeConfig, LearnsFromLatencyOrFromAQuota) {
    Names names;
    const auto endpoint_with = [&names](std::string_view requests) {
        std::string text = two_backends();
        text.replace(text.find("requests: 16"), 12, requests);
        return judge_config(number(test::policy_of(text), names).value(), 0).endpoints[0];
    };
    const auto latency = endpoint_with("requests: { learn: true, max: 40 }, context_tokens: 400k");
    EXPECT_FALSE(latency.quota);
    ASSERT_TRUE(latency.learn);
    EXPECT_EQ(latency.learn->max, 40U);
    const auto quota = endpoint_with("requests: { learn: true, from: quota, start: 20, max: 40 }");
    EXPECT_FALSE(quota.learn);
    EXPECT_EQ(quota.quota, (admission::QuotaConfig{.start = 20, .max = 40}));
}

TEST(JudgeConfig, CarriesThePolicysMode) {
    Names names;
    policy::Policy policy = test::policy_of(two_backends());
    policy.mode = admission::Mode::shadow;
    EXPECT_EQ(judge_config(number(policy, names).value(), 0).mode, admission::Mode::shadow);
}

TEST(NumberedPolicy, GivesAKnownNameItsNumber) {
    Names names;
    const NumberedPolicy first = number(test::policy_of(two_backends()), names).value();
    policy::Policy policy = test::policy_of(two_backends());
    std::reverse(policy.backends.begin(), policy.backends.end());
    const NumberedPolicy second = number(policy, names).value();
    EXPECT_EQ(second.backends, (std::vector{first.backends[1], first.backends[0]}));
    EXPECT_EQ(second.endpoints, (std::vector{first.endpoints[1], first.endpoints[0]}));
    EXPECT_EQ(second.classes, first.classes);
}

TEST(NumberedPolicy, RefusesMoreNamesThanTheProcessMayHoldAndFreesTheOthers) {
    const policy::Policy policy = test::policy_of(two_backends());
    Names names;
    names.endpoints = NameTable<EndpointId>(1);
    EXPECT_THAT(number(policy, names).error().message, HasSubstr("endpoints"));
    names.classes = NameTable<ClassId>(1);
    EXPECT_THAT(number(policy, names).error().message, HasSubstr("classes"));
    EXPECT_EQ(names.classes.in_use(), 0U);
    EXPECT_EQ(names.listeners.in_use(), 0U);
}

}  // namespace
}  // namespace weir::numbering
