#include "gateway/assembly.hpp"

#include <gtest/gtest.h>

#include "support/policies.hpp"
#include "support/virtual_time.hpp"

namespace weir::gateway {
namespace {

using test::kStart;

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

Assembly assembly_of(const std::string& text, numbering::Names& names, const Assembly* previous = nullptr) {
    return assemble(numbering::number(test::policy_of(text), names).value(), previous, kSalt, kStart).value();
}

TEST(Assemble, RoutesEveryClassToItsBackend) {
    numbering::Names names;
    const auto assembly = assembly_of(two_backends(), names);
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

TEST(Assemble, KeepsJudgesAndEndpointsAcrossAReload) {
    numbering::Names names;
    const auto before = assembly_of(two_backends(), names);
    const auto after = assembly_of(two_backends(", timeouts: { connect: 2s }"), names, &before);
    EXPECT_EQ(after.benches[0].judge, before.benches[0].judge);
    EXPECT_NE(after.benches[0].backend, before.benches[0].backend);
    for (std::size_t i = 0; i < 2; ++i) {
        EXPECT_EQ(after.benches[0].backend->endpoints()[i], before.benches[0].backend->endpoints()[i]);
    }
}

TEST(Assemble, ReplacesEndpointsWhenTheirTlsSettingsChange) {
    numbering::Names names;
    const auto before = assembly_of(two_backends(), names);
    const auto after = assembly_of(two_backends(", tls: { verify: false }"), names, &before);
    EXPECT_NE(after.benches[0].backend->endpoints()[0], before.benches[0].backend->endpoints()[0]);
    EXPECT_EQ(after.benches[0].backend->endpoints()[0]->id(), before.benches[0].backend->endpoints()[0]->id());
}

TEST(Assemble, NotifiesTheJudgeWhenAnEndpointIsLost) {
    numbering::Names names;
    const auto assembly = assembly_of(two_backends(), names);
    upstream::Backend& backend = *assembly.benches[0].backend;
    for (int i = 0; i < 10; ++i) backend.request_failed(*backend.endpoints()[1], kStart);
    const auto counts = assembly.benches[0].judge->counts(Clock::now());
    EXPECT_TRUE(counts.endpoints[0].available);
    EXPECT_FALSE(counts.endpoints[1].available);
}

}  // namespace
}  // namespace weir::gateway
