#include "numbering/numbered_policy.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string_view>

#include "base/stable_hash.hpp"
#include "telemetry/labels.hpp"
#include "upstream/config.hpp"

namespace weir::numbering {
namespace {

// The names of a policy and of the one it replaces have numbers at the same time.
static_assert(2 * policy::kMaxRules <= telemetry::kMaxRules && admission::kMaxRules == telemetry::kMaxRules);
static_assert(2 * policy::kMaxClasses <= telemetry::kMaxClasses && 2 * policy::kMaxBackends <= telemetry::kMaxBackends);
static_assert(2 * policy::kMaxEndpoints <= telemetry::kMaxEndpoints);
static_assert(policy::kMaxListeners <= telemetry::kMaxListeners);  // a reload cannot change them

// Appends the number of each entry's name; false when numbers run out.
template <typename Id, typename Entries, typename NameOf>
bool number_all(const Entries& entries, NameTable<Id>& table, Uses& uses, std::vector<Id>& numbers, NameOf name_of) {
    for (const auto& entry : entries) {
        const auto id = table.id_of(name_of(entry), uses);
        if (!id) return false;
        numbers.push_back(*id);
    }
    return true;
}

// What there is too much of; empty: nothing.
std::string_view number_all(NumberedPolicy& numbered, Names& names) {
    const auto name_of = [](const auto& entry) -> const std::string& { return entry.name; };
    const policy::Policy& policy = numbered.policy;
    if (!number_all(policy.listeners, names.listeners, numbered.uses, numbered.listeners, name_of)) return "listeners";
    if (!number_all(policy.classes, names.classes, numbered.uses, numbered.classes, name_of)) return "classes";
    if (!number_all(policy.degrade, names.rules, numbered.uses, numbered.rules, name_of)) return "degrade rules";
    if (!number_all(policy.backends, names.backends, numbered.uses, numbered.backends, name_of)) return "backends";
    for (const upstream::BackendConfig& backend : policy.backends) {
        const auto endpoint_name = [&](const auto& endpoint) { return backend.name + " " + endpoint.url; };
        auto& numbers = numbered.endpoints.emplace_back();
        if (!number_all(backend.endpoints, names.endpoints, numbered.uses, numbers, endpoint_name)) return "endpoints";
    }
    return {};
}

bool is_for(const admission::DegradeConfig& rule, const std::string& cls) {
    return std::find(rule.classes.begin(), rule.classes.end(), cls) != rule.classes.end();
}

// Whether a class's requests arrive at this backend: always, or by a rule.
bool arrive_at(const policy::Policy& policy, const admission::ClassConfig& cls, const std::string& backend) {
    return cls.backend == backend || std::any_of(policy.degrade.begin(), policy.degrade.end(), [&](const auto& rule) {
               return rule.backend == backend && is_for(rule, cls.name);
           });
}

// Whether they may come to it from a backend that cannot serve them.
bool fall_back_to(const policy::Policy& policy, const admission::ClassConfig& cls, const std::string& backend) {
    return std::any_of(policy.backends.begin(), policy.backends.end(), [&](const upstream::BackendConfig& from) {
        const bool names = std::find(from.fallback.begin(), from.fallback.end(), backend) != from.fallback.end();
        return names && arrive_at(policy, cls, from.name);
    });
}

// The class as it is where its requests only come when another backend cannot serve them: that one keeps its limits.
admission::ClassConfig as_guest(admission::ClassConfig cls) {
    cls.limits = {};
    cls.per_client = {};
    return cls;
}

// The limits of one endpoint, as the judge holds them.
admission::JudgeEndpoint judge_endpoint(EndpointId id, const policy::Policy& policy,
                                        const upstream::BackendConfig& backend) {
    admission::JudgeEndpoint endpoint;
    endpoint.id = id;
    endpoint.requests = backend.requests;
    endpoint.context_tokens = backend.context_tokens.tokens;
    endpoint.prompt_tokens = backend.prompt_tokens.value_or(admission::law::kPromptTokens);
    endpoint.gauges = backend.metrics.gauges;
    if (!backend.learned) return endpoint;
    if (backend.learned->from == upstream::LearnedFrom::quota) {
        endpoint.quota = {std::min(backend.learned->start, backend.learned->max), backend.learned->max};
        return endpoint;
    }
    admission::LearnConfig& learn = endpoint.learn.emplace();
    learn.start = std::min(backend.learned->start, backend.learned->max);
    learn.max = backend.learned->max;
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

}  // namespace

Result<NumberedPolicy> number(policy::Policy policy, Names& names) {
    NumberedPolicy numbered;
    numbered.policy = std::move(policy);
    const std::string_view too_many = number_all(numbered, names);
    if (too_many.empty()) return numbered;
    return Error{fmt::format(
        "requests of former policies still use too many {}; reload again when those requests have ended", too_many)};
}

std::vector<admission::JudgeClass> judge_classes(const NumberedPolicy& numbered) {
    std::vector<admission::JudgeClass> classes;
    for (std::size_t i = 0; i < numbered.classes.size(); ++i) {
        classes.push_back({numbered.classes[i], numbered.policy.classes[i]});
    }
    return classes;
}

std::vector<admission::DegradeRule> degrade_rules(const NumberedPolicy& numbered, const std::string& cls) {
    std::vector<admission::DegradeRule> rules;
    for (std::size_t i = 0; i < numbered.rules.size(); ++i) {
        const admission::DegradeConfig& rule = numbered.policy.degrade[i];
        if (is_for(rule, cls)) rules.push_back({numbered.rules[i], rule});
    }
    return rules;
}

admission::JudgeConfig judge_config(const NumberedPolicy& numbered, std::size_t backend) {
    const policy::Policy& policy = numbered.policy;
    const upstream::BackendConfig& settings = policy.backends[backend];
    admission::JudgeConfig config;
    config.name = settings.name;
    config.mode = policy.mode;
    config.balance = settings.balance;
    config.pipe_headroom = settings.headroom.share.value_or(admission::law::kPipeHeadroom);
    for (std::size_t i = 0; i < settings.endpoints.size(); ++i) {
        config.endpoints.push_back(judge_endpoint(numbered.endpoints[backend][i], policy, settings));
        config.endpoints.back().name_hash = StableHash::of(settings.endpoints[i].url);
    }
    for (admission::JudgeClass& entry : judge_classes(numbered)) {
        if (arrive_at(policy, entry.config, settings.name)) {
            config.classes.push_back(std::move(entry));
        } else if (fall_back_to(policy, entry.config, settings.name)) {
            config.classes.push_back({entry.id, as_guest(entry.config)});
        }
    }
    return config;
}

}  // namespace weir::numbering
