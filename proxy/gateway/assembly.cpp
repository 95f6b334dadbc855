#include "gateway/assembly.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

namespace weir::gateway {
namespace {

using numbering::NumberedPolicy;

const Bench* find_bench(const Assembly* assembly, BackendId id) {
    if (assembly == nullptr) return nullptr;
    const auto found = std::find_if(assembly->benches.begin(), assembly->benches.end(),
                                    [id](const Bench& bench) { return bench.backend->id() == id; });
    return found == assembly->benches.end() ? nullptr : &*found;
}

// An endpoint is reused if its address and its TLS settings are the same.
std::shared_ptr<upstream::Endpoint> reuse_endpoint(const Bench* previous, const upstream::BackendConfig& config,
                                                   const upstream::EndpointConfig& endpoint) {
    if (previous == nullptr || previous->backend->config().tls != config.tls) return nullptr;
    for (const auto& known : previous->backend->endpoints()) {
        if (known->config() == endpoint) return known;
    }
    return nullptr;
}

Result<std::shared_ptr<upstream::Backend>> make_backend(const NumberedPolicy& numbered, std::size_t place,
                                                        const Bench* previous,
                                                        const std::shared_ptr<downstream::SharedJudge>& judge) {
    const upstream::BackendConfig& config = numbered.policy.backends[place];
    std::shared_ptr<net::TlsContext> tls;
    std::vector<std::shared_ptr<upstream::Endpoint>> endpoints;
    for (std::size_t i = 0; i < config.endpoints.size(); ++i) {
        const upstream::EndpointConfig& endpoint = config.endpoints[i];
        if (auto known = reuse_endpoint(previous, config, endpoint)) {
            endpoints.push_back(std::move(known));
            continue;
        }
        if (endpoint.tls && !tls) {
            auto made = net::TlsContext::client(config.tls);
            if (!made) return Error{fmt::format("backend '{}': {}", config.name, made.error().message)};
            tls = *made;
        }
        endpoints.push_back(
            std::make_shared<upstream::Endpoint>(numbered.endpoints[place][i], endpoint, endpoint.tls ? tls : nullptr));
    }
    return std::make_shared<upstream::Backend>(
        numbered.backends[place], config, std::move(endpoints),
        [judge](EndpointId changed, const Intake& intake) { judge->set_intake(changed, intake, Clock::now()); },
        [judge](EndpointId teller, std::uint64_t tokens) { judge->set_context(teller, tokens, Clock::now()); },
        [judge](EndpointId teller, const EngineGauges& gauges) {
            return judge->set_gauges(teller, gauges, Clock::now());
        });
}

Result<std::vector<Bench>> make_benches(const NumberedPolicy& numbered, const Assembly* previous, TimePoint now) {
    std::vector<Bench> benches;
    for (std::size_t i = 0; i < numbered.backends.size(); ++i) {
        const Bench* known = find_bench(previous, numbered.backends[i]);
        Bench bench;
        bench.config = numbering::judge_config(numbered, i);
        bench.judge = known != nullptr ? known->judge : std::make_shared<downstream::SharedJudge>(bench.config, now);
        bench.jobs = known != nullptr ? known->jobs : std::make_shared<downstream::VideoJobs>(bench.judge);
        if (const auto& sticky = numbered.policy.backends[i].sticky) {
            bench.sticky = known != nullptr ? known->sticky : nullptr;
            if (!bench.sticky) bench.sticky = std::make_shared<downstream::StickyIds>(*sticky);
        }
        auto backend = make_backend(numbered, i, known, bench.judge);
        if (!backend) return backend.error();
        bench.backend = *backend;
        benches.push_back(std::move(bench));
    }
    return benches;
}

Result<std::vector<downstream::ListenerRoute>> make_listeners(const NumberedPolicy& numbered) {
    std::vector<downstream::ListenerRoute> listeners;
    for (std::size_t i = 0; i < numbered.listeners.size(); ++i) {
        const downstream::ListenerConfig& config = numbered.policy.listeners[i];
        downstream::ListenerRoute route{numbered.listeners[i], config, nullptr};
        if (config.tls) {
            auto tls = net::TlsContext::server(*config.tls);
            if (!tls) return Error{fmt::format("listener '{}': {}", config.name, tls.error().message)};
            route.tls = *tls;
        }
        listeners.push_back(std::move(route));
    }
    return listeners;
}

const Bench* bench_named(const std::vector<Bench>& benches, const std::string& backend) {
    const auto found = std::find_if(benches.begin(), benches.end(),
                                    [&](const Bench& bench) { return bench.backend->config().name == backend; });
    return found == benches.end() ? nullptr : &*found;
}

downstream::Route route_to(const Bench& bench, ClassId cls, const admission::ClassConfig& config) {
    downstream::Route route;
    route.id = cls;
    route.config = config;
    route.backend = bench.backend;
    route.judge = bench.judge;
    route.jobs = bench.jobs;
    route.sticky = bench.sticky;
    route.tries = std::make_shared<downstream::TryBudget>(bench.backend->config().tries.budget);
    return route;
}

void add_fallbacks(downstream::Route& route, const std::vector<Bench>& benches) {
    for (const std::string& name : route.backend->config().fallback) {
        const Bench* other = bench_named(benches, name);
        if (other == nullptr) continue;
        route.fallbacks.push_back(route_to(*other, route.id, route.config));
        route.fallbacks.back().first_judge = route.judge;
    }
}

Result<downstream::Route> make_route(const NumberedPolicy& numbered, std::size_t place,
                                     const std::vector<Bench>& benches) {
    const admission::ClassConfig& config = numbered.policy.classes[place];
    const Bench* bench = bench_named(benches, config.backend);
    if (bench == nullptr) return Error{fmt::format("class '{}' has no backend", config.name)};
    downstream::Route route = route_to(*bench, numbered.classes[place], config);
    add_fallbacks(route, benches);
    route.degrade = numbering::degrade_rules(numbered, config.name);
    for (const admission::DegradeRule& rule : route.degrade) {
        const Bench* other = bench_named(benches, rule.config.backend);
        if (other == nullptr) continue;
        route.degrade_routes.push_back(route_to(*other, route.id, config));
        add_fallbacks(route.degrade_routes.back(), benches);
    }
    return route;
}

Result<std::shared_ptr<const downstream::Routing>> make_routing(const NumberedPolicy& numbered,
                                                                const std::vector<Bench>& benches, std::uint64_t salt) {
    const policy::Policy& policy = numbered.policy;
    auto routing = std::make_shared<downstream::Routing>(policy.clients, numbering::judge_classes(numbered), salt);
    for (std::size_t i = 0; i < numbered.classes.size(); ++i) {
        auto route = make_route(numbered, i, benches);
        if (!route) return route.error();
        routing->routes.push_back(std::move(*route));
    }
    auto listeners = make_listeners(numbered);
    if (!listeners) return listeners.error();
    routing->listeners = std::move(*listeners);
    routing->limits = policy.limits;
    routing->names_in_use = numbered.uses;
    return std::shared_ptr<const downstream::Routing>(std::move(routing));
}

}  // namespace

Result<Assembly> assemble(NumberedPolicy numbered, const Assembly* previous, std::uint64_t salt, TimePoint now) {
    auto benches = make_benches(numbered, previous, now);
    if (!benches) return benches.error();
    auto routing = make_routing(numbered, *benches, salt);
    if (!routing) return routing.error();
    return Assembly{std::move(numbered.policy), std::move(*benches), *routing};
}

}  // namespace weir::gateway
