#include "app/assembly.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "admission/degrade.hpp"
#include "telemetry/labels.hpp"

namespace weir::app {
namespace {

// A policy's names and those of one that it replaces have numbers side by side.
static_assert(2 * policy::kMostRules <= telemetry::kMaxRules && admission::kMaxRules == telemetry::kMaxRules);
static_assert(2 * policy::kMostClasses <= telemetry::kMaxClasses &&
              2 * policy::kMostBackends <= telemetry::kMaxBackends);
static_assert(2 * policy::kMostEndpoints <= telemetry::kMaxEndpoints);
static_assert(policy::kMostListeners <= telemetry::kMaxListeners);  // they stay

bool is_for(const admission::DegradeConfig& rule, const std::string& cls) {
    return std::find(rule.classes.begin(), rule.classes.end(), cls) != rule.classes.end();
}

// Whether a class's requests may reach this backend: always, or by a rule.
bool may_reach(const policy::Policy& policy, const admission::ClassConfig& cls, const std::string& backend) {
    return cls.backend == backend || std::any_of(policy.degrade.begin(), policy.degrade.end(), [&](const auto& rule) {
               return rule.backend == backend && is_for(rule, cls.name);
           });
}

const Bench* find_bench(const Assembly* assembly, BackendId id) {
    if (assembly == nullptr) return nullptr;
    const auto found = std::find_if(assembly->benches.begin(), assembly->benches.end(),
                                    [id](const Bench& bench) { return bench.backend->id() == id; });
    return found == assembly->benches.end() ? nullptr : &*found;
}

std::string endpoint_name(const upstream::BackendConfig& backend, const upstream::EndpointConfig& endpoint) {
    return backend.name + " " + endpoint.url;
}

Error too_many(std::string_view what) {
    return Error{fmt::format(
        "requests of former policies still use most of the room for {}; reload again when they have ended", what)};
}

// An endpoint lives on when its address and the way to speak to it are the same.
std::shared_ptr<upstream::Endpoint> reuse_endpoint(const Bench* previous, const upstream::BackendConfig& config,
                                                   const upstream::EndpointConfig& endpoint) {
    if (previous == nullptr || previous->backend->config().tls != config.tls) return nullptr;
    for (const auto& known : previous->backend->endpoints()) {
        if (known->config() == endpoint) return known;
    }
    return nullptr;
}

Result<std::shared_ptr<upstream::Backend>> make_backend(const upstream::BackendConfig& config, BackendId id,
                                                        Names& names, Uses& uses, const Bench* previous,
                                                        const std::shared_ptr<downstream::SharedJudge>& judge) {
    std::shared_ptr<net::TlsContext> tls;
    std::vector<std::shared_ptr<upstream::Endpoint>> endpoints;
    for (const upstream::EndpointConfig& endpoint : config.endpoints) {
        if (auto known = reuse_endpoint(previous, config, endpoint)) {
            endpoints.push_back(std::move(known));
            continue;
        }
        if (endpoint.tls && !tls) {
            auto made = net::TlsContext::client(config.tls);
            if (!made) return Error{fmt::format("backend '{}': {}", config.name, made.error().message)};
            tls = *made;
        }
        const auto endpoint_id = names.endpoints.id_of(endpoint_name(config, endpoint), uses);
        if (!endpoint_id) return too_many("endpoints");
        endpoints.push_back(std::make_shared<upstream::Endpoint>(*endpoint_id, endpoint, endpoint.tls ? tls : nullptr));
    }
    return std::make_shared<upstream::Backend>(
        id, config, std::move(endpoints),
        [judge](EndpointId lost, bool available) { judge->set_available(lost, available, Clock::now()); },
        [judge](EndpointId teller, std::uint64_t tokens) { judge->set_context(teller, tokens, Clock::now()); });
}

Result<std::vector<downstream::ListenerRoute>> make_listeners(const policy::Policy& policy, Names& names, Uses& uses) {
    std::vector<downstream::ListenerRoute> listeners;
    for (const downstream::ListenerConfig& config : policy.listeners) {
        const auto id = names.listeners.id_of(config.name, uses);
        if (!id) return too_many("listeners");
        downstream::ListenerRoute route{*id, config, nullptr};
        if (config.tls) {
            auto tls = net::TlsContext::server(*config.tls);
            if (!tls) return Error{fmt::format("listener '{}': {}", config.name, tls.error().message)};
            route.tls = *tls;
        }
        listeners.push_back(std::move(route));
    }
    return listeners;
}

// The rules for this class, and where they lead.
std::optional<Error> add_degrade(const policy::Policy& policy, Names& names, Uses& uses,
                                 const std::vector<Bench>& benches, downstream::Route& route) {
    for (const admission::DegradeConfig& rule : policy.degrade) {
        const auto id = names.rules.id_of(rule.name, uses);
        if (!id) return too_many("degrade rules");
        if (!is_for(rule, route.config.name)) continue;
        route.degrade.push_back({*id, rule});
        for (const Bench& bench : benches) {
            if (bench.backend->config().name != rule.backend) continue;
            route.detours.push_back({route.id, route.config, bench.backend, bench.judge, {}, {}});
        }
    }
    return std::nullopt;
}

Result<std::shared_ptr<const downstream::Routing>> make_routing(const policy::Policy& policy, Names& names, Uses& uses,
                                                                const std::vector<Bench>& benches, std::uint64_t salt) {
    std::vector<admission::JudgeClass> classes;
    std::vector<downstream::Route> routes;
    for (const admission::ClassConfig& config : policy.classes) {
        const auto id = names.classes.id_of(config.name, uses);
        if (!id) return too_many("classes");
        const auto bench = std::find_if(benches.begin(), benches.end(), [&](const Bench& entry) {
            return entry.backend->config().name == config.backend;
        });
        if (bench == benches.end()) return Error{fmt::format("class '{}' has no backend", config.name)};
        classes.push_back({*id, config});
        routes.push_back({*id, config, bench->backend, bench->judge, {}, {}});
        if (auto error = add_degrade(policy, names, uses, benches, routes.back())) return *error;
    }
    auto listeners = make_listeners(policy, names, uses);
    if (!listeners) return listeners.error();
    auto routing = std::make_shared<downstream::Routing>(policy.clients, classes, salt);
    routing->routes = std::move(routes);
    routing->listeners = std::move(*listeners);
    routing->limits = policy.limits;
    routing->names_in_use = std::move(uses);
    return std::shared_ptr<const downstream::Routing>(std::move(routing));
}

// The limits of one endpoint, as the judge holds them.
admission::JudgeEndpoint judge_endpoint(EndpointId id, const policy::Policy& policy,
                                        const upstream::BackendConfig& backend) {
    admission::JudgeEndpoint endpoint;
    endpoint.id = id;
    endpoint.requests = backend.requests;
    endpoint.context_tokens = backend.context_tokens.tokens;
    endpoint.prompt_tokens = backend.prompt_tokens.value_or(admission::law::kPromptTokens);
    if (!backend.learned) return endpoint;
    admission::LearnConfig& learn = endpoint.learn.emplace();
    learn.start = std::min(backend.learned->start, backend.learned->max);
    learn.most = backend.learned->max;
    Duration first_token = Duration::max();
    Duration per_token = Duration::max();
    for (const admission::ClassConfig& cls : policy.classes) {
        if (cls.backend != backend.name || !cls.slo) continue;
        first_token = std::min(first_token, cls.slo->first_token);
        per_token = std::min(per_token, cls.slo->per_token.value_or(Duration::max()));
    }
    if (first_token != Duration::max()) learn.first_token_slo = first_token;
    if (per_token != Duration::max()) learn.per_token_slo = per_token;
    return endpoint;
}

admission::Choice choice_of(upstream::Balance balance) {
    switch (balance) {
        case upstream::Balance::most_room: return admission::Choice::most_room;
        case upstream::Balance::least_requests: return admission::Choice::least_requests;
        case upstream::Balance::round_robin: return admission::Choice::round_robin;
    }
    return admission::Choice::most_room;
}

}  // namespace

Result<admission::JudgeConfig> judge_config(const policy::Policy& policy, const upstream::BackendConfig& backend,
                                            Names& names, Uses& uses) {
    admission::JudgeConfig config;
    config.name = backend.name;
    config.mode = policy.mode;
    config.choice = choice_of(backend.balance);
    for (const upstream::EndpointConfig& endpoint : backend.endpoints) {
        const auto id = names.endpoints.id_of(endpoint_name(backend, endpoint), uses);
        if (!id) return too_many("endpoints");
        config.endpoints.push_back(judge_endpoint(*id, policy, backend));
    }
    for (const admission::ClassConfig& entry : policy.classes) {
        if (!may_reach(policy, entry, backend.name)) continue;
        const auto id = names.classes.id_of(entry.name, uses);
        if (!id) return too_many("classes");
        config.classes.push_back({*id, entry});
    }
    return config;
}

Result<Assembly> assemble(policy::Policy policy, Names& names, const Assembly* previous, std::uint64_t salt,
                          TimePoint now) {
    Assembly assembly;
    Uses uses;
    for (const upstream::BackendConfig& config : policy.backends) {
        const auto id = names.backends.id_of(config.name, uses);
        if (!id) return too_many("backends");
        auto judging = judge_config(policy, config, names, uses);
        if (!judging) return judging.error();
        const Bench* known = find_bench(previous, *id);
        Bench bench;
        bench.judge = known != nullptr ? known->judge : std::make_shared<downstream::SharedJudge>(*judging, now);
        bench.config = std::move(*judging);
        auto backend = make_backend(config, *id, names, uses, known, bench.judge);
        if (!backend) return backend.error();
        bench.backend = *backend;
        assembly.benches.push_back(std::move(bench));
    }
    auto routing = make_routing(policy, names, uses, assembly.benches, salt);
    if (!routing) return routing.error();
    assembly.routing = *routing;
    assembly.policy = std::move(policy);
    return assembly;
}

}  // namespace weir::app
