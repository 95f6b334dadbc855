#pragma once
// Small routings, made of plain structs: one listener, one backend, and the classes that go to it.

#include <memory>
#include <string>
#include <vector>

#include "downstream/routing.hpp"
#include "support/judges.hpp"

namespace weir::test {

// What a routing is made of. A test changes the part that it is about.
struct RoutingParts {
    RoutingParts() {
        listener.name = "public";
        backend.name = "model";
    }

    admission::ClientsConfig clients;
    downstream::ListenerConfig listener;
    upstream::BackendConfig backend;
    std::vector<admission::JudgeClass> classes{make_class(0)};
    std::vector<std::uint32_t> endpoints{1};  // requests that each of them takes at once
    downstream::ProcessLimits limits;
};

inline std::shared_ptr<upstream::Backend> make_backend(int id, const upstream::BackendConfig& config,
                                                       std::size_t endpoints) {
    std::vector<std::shared_ptr<upstream::Endpoint>> all;
    for (std::size_t i = 0; i < endpoints; ++i) {
        all.push_back(std::make_shared<upstream::Endpoint>(EndpointId{static_cast<std::uint16_t>(i)},
                                                           upstream::EndpointConfig{}, nullptr));
    }
    return std::make_shared<upstream::Backend>(BackendId{static_cast<std::uint16_t>(id)}, config, std::move(all),
                                               [](EndpointId, const Intake&) {});
}

inline std::shared_ptr<downstream::Routing> make_routing(const RoutingParts& parts) {
    auto routing = std::make_shared<downstream::Routing>(parts.clients, parts.classes, 1);
    const auto judge =
        std::make_shared<downstream::SharedJudge>(make_config(parts.classes, parts.endpoints), Clock::now());
    const auto jobs = std::make_shared<downstream::VideoJobs>(judge);
    const auto backend = make_backend(0, parts.backend, parts.endpoints.size());
    for (const admission::JudgeClass& cls : parts.classes) {
        downstream::Route& route = routing->routes.emplace_back();
        route.id = cls.id;
        route.config = cls.config;
        route.backend = backend;
        route.judge = judge;
        route.jobs = jobs;
        route.tries = std::make_shared<downstream::TryBudget>(parts.backend.tries.budget);
    }
    routing->listeners.push_back({ListenerId{0}, parts.listener, nullptr});
    routing->limits = parts.limits;
    return routing;
}

}  // namespace weir::test
