#include "app/assembly.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/policies.hpp"
#include "support/virtual_time.hpp"

namespace weir::app {
namespace {

using test::kStart;
using testing::HasSubstr;

constexpr std::uint64_t kSalt = 1;

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

TEST(JudgeConfig, HasTheClassesThatGoToItsBackendAndEachEndpointsCapacity) {
    const policy::Policy policy = test::policy_of(two_backends());
    Names names;
    Uses uses;
    const auto large = judge_config(policy, policy.backends[0], names, uses).value();
    ASSERT_EQ(large.endpoints.size(), 2U);
    EXPECT_EQ(large.endpoints[1].requests, 16U);
    EXPECT_NE(large.endpoints[0].id, large.endpoints[1].id);
    ASSERT_EQ(large.classes.size(), 2U);
    EXPECT_EQ(large.classes[0].config.name, "a");
    EXPECT_EQ(large.classes[1].config.name, "c");
    const auto small = judge_config(policy, policy.backends[1], names, uses).value();
    ASSERT_EQ(small.classes.size(), 1U);
    EXPECT_EQ(names.classes.names()[index(small.classes[0].id)], "b");
    EXPECT_EQ(small.endpoints[0].requests, 4U);
}

TEST(JudgeConfig, CarriesThePolicysMode) {
    Names names;
    Uses uses;
    policy::Policy policy = test::policy_of(two_backends());
    policy.mode = admission::Mode::shadow;
    EXPECT_EQ(judge_config(policy, policy.backends[0], names, uses)->mode, admission::Mode::shadow);
}

TEST(JudgeConfig, RefusesMoreNamesThanTheProcessMayHold) {
    const policy::Policy policy = test::policy_of(two_backends());
    Names names;
    Uses uses;
    names.classes = NameTable<ClassId>(1);
    EXPECT_THAT(judge_config(policy, policy.backends[0], names, uses).error().message, HasSubstr("classes"));
    names.endpoints = NameTable<EndpointId>(1);
    EXPECT_THAT(judge_config(policy, policy.backends[0], names, uses).error().message, HasSubstr("endpoints"));
}

TEST(Assemble, RoutesEveryClassToItsBackend) {
    Names names;
    const auto assembly = assemble(test::policy_of(two_backends()), names, nullptr, kSalt, kStart).value();
    ASSERT_EQ(assembly.routing->routes.size(), 3U);
    for (const downstream::Route& route : assembly.routing->routes) {
        EXPECT_EQ(route.backend->config().name, route.config.backend);
        EXPECT_EQ(assembly.routing->find(route.id), &route);
    }
    EXPECT_EQ(assembly.routing->routes[0].judge, assembly.routing->routes[2].judge);
    EXPECT_NE(assembly.routing->routes[0].judge, assembly.routing->routes[1].judge);
    EXPECT_EQ(assembly.routing->find(kNoClass), nullptr);
    EXPECT_EQ(assembly.routing->listeners.size(), 1U);
}

TEST(Assemble, KeepsJudgesAndEndpointsOverAReload) {
    Names names;
    const auto before = assemble(test::policy_of(two_backends()), names, nullptr, kSalt, kStart).value();
    const auto after =
        assemble(test::policy_of(two_backends(", timeouts: { connect: 2s }")), names, &before, kSalt, kStart).value();
    EXPECT_EQ(after.benches[0].judge, before.benches[0].judge);
    EXPECT_NE(after.benches[0].backend, before.benches[0].backend);
    for (std::size_t i = 0; i < 2; ++i) {
        EXPECT_EQ(after.benches[0].backend->endpoints()[i], before.benches[0].backend->endpoints()[i]);
    }
}

TEST(Assemble, MakesEndpointsAnewWhenTheWayToSpeakToThemChanges) {
    Names names;
    const auto before = assemble(test::policy_of(two_backends()), names, nullptr, kSalt, kStart).value();
    const auto after =
        assemble(test::policy_of(two_backends(", tls: { verify: false }")), names, &before, kSalt, kStart).value();
    EXPECT_NE(after.benches[0].backend->endpoints()[0], before.benches[0].backend->endpoints()[0]);
    EXPECT_EQ(after.benches[0].backend->endpoints()[0]->id(), before.benches[0].backend->endpoints()[0]->id());
}

TEST(Assemble, TellsTheJudgeWhenAnEndpointIsLost) {
    Names names;
    const auto assembly = assemble(test::policy_of(two_backends()), names, nullptr, kSalt, kStart).value();
    upstream::Backend& backend = *assembly.benches[0].backend;
    for (int i = 0; i < 10; ++i) backend.request_failed(*backend.endpoints()[1], kStart);
    const auto counts = assembly.benches[0].judge->counts(Clock::now());
    EXPECT_TRUE(counts.endpoints[0].available);
    EXPECT_FALSE(counts.endpoints[1].available);
}

}  // namespace
}  // namespace weir::app
