#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "policy/checks/check.hpp"
#include "policy/forms/forms.hpp"

namespace weir::policy {
namespace {

using namespace std::chrono_literals;
using admission::ClassConfig;
using upstream::BackendConfig;

constexpr double kManyGuarantees = 0.5;
// An engine that takes prompts in chunks of 2048 tokens stops all streams for that long at each of them.
constexpr Duration kPromptChunk = 70ms;

void check_endpoints(const Checked& c, const BackendConfig& backend, const Node& node) {
    for (std::size_t i = 0; i < backend.endpoints.size(); ++i) {
        const auto same = [&](const upstream::EndpointConfig& other) {
            return other.host == backend.endpoints[i].host && other.port == backend.endpoints[i].port &&
                   other.path == backend.endpoints[i].path;
        };
        const auto end = backend.endpoints.begin() + static_cast<std::ptrdiff_t>(i);
        if (std::none_of(backend.endpoints.begin(), end, same)) continue;
        c.refuse(node.items_of("endpoints")[i].mark, "duplicate-endpoint",
                 fmt::format("backend '{}' lists this endpoint twice", backend.name));
    }
}

void check_health(const Checked& c, const BackendConfig& backend, const Node& node) {
    if (!backend.health) return;
    if (backend.health->method == "HEAD" && !backend.health->body.empty()) {
        c.refuse(node.mark_at("health.body"), "health-body", "an answer to HEAD has no body to look into");
    }
    if (backend.health->timeout < backend.health->every) return;
    c.refuse(node.mark_at(node.find("health.timeout") != nullptr ? "health.timeout" : "health.every"), "health-timeout",
             "a health check's 'timeout' must be shorter than its 'every'");
}

void check_discovery(const Checked& c, const BackendConfig& backend, const Node& node) {
    if (!backend.discovery) return;
    const upstream::DiscoveryConfig& found = *backend.discovery;
    const Mark mark = node.mark_at("endpoints");
    if (found.dns && !found.file.empty()) {
        c.refuse(mark, "conflicting-keys", "'dns' and 'file' are two ways to find endpoints");
    } else if (!found.dns && found.file.empty()) {
        c.refuse(mark, "missing-key", "'endpoints' has neither 'dns' nor 'file'", "endpoints are found by one of them");
    } else if (!found.dns && !found.servers.empty()) {
        c.refuse(node.mark_at("endpoints.servers"), "conflicting-keys", "name servers are of no use to a file");
    }
    if (found.max > kMaxEndpoints) {
        c.refuse(node.mark_at("endpoints.max"), "out-of-range",
                 fmt::format("'max' must be at most {}, but is '{}'", kMaxEndpoints, found.max));
    }
}

void check_affinity(const Checked& c, const BackendConfig& backend, const Node& node) {
    if (!backend.affinity || backend.balance == Balance::prefix_affinity) return;
    c.warn(node.mark_at("affinity"), "unused-affinity",
           fmt::format("backend '{}' does not choose endpoints by conversation", backend.name),
           "that is what `balance: prefix_affinity` does");
}

void check_fallback(const Checked& c, const BackendConfig& backend, const Node& node) {
    const auto& backends = c.policy.backends;
    for (std::size_t i = 0; i < backend.fallback.size(); ++i) {
        const std::string& name = backend.fallback[i];
        const Mark mark = node.mark_at("fallback");
        const auto found =
            std::find_if(backends.begin(), backends.end(), [&](const auto& b) { return b.name == name; });
        if (found == backends.end()) {
            c.refuse(mark, "unknown-backend", fmt::format("there is no backend '{}' to fall back to", name));
        } else if (name == backend.name) {
            c.refuse(mark, "falls-back-to-itself", fmt::format("backend '{}' cannot be its own fallback", name));
        } else if (found->dialect != backend.dialect) {
            c.warn(
                mark, "other-dialect",
                fmt::format("'{}' speaks another dialect than '{}': requests are not translated", name, backend.name));
        }
        const auto end = backend.fallback.begin() + static_cast<std::ptrdiff_t>(i);
        if (std::find(backend.fallback.begin(), end, name) != end) {
            c.refuse(mark, "duplicate-fallback", fmt::format("fallback '{}' is listed twice", name));
        }
    }
}

void check_used(const Checked& c, const BackendConfig& backend, const Node& node) {
    const auto& classes = c.policy.classes;
    const auto& rules = c.policy.degrade;
    const auto& backends = c.policy.backends;
    const auto names_it = [&](const auto& user) { return user.backend == backend.name; };
    const auto falls_back = [&](const BackendConfig& from) {
        return std::find(from.fallback.begin(), from.fallback.end(), backend.name) != from.fallback.end();
    };
    // A class with a misspelt backend may have meant this one.
    const auto is_lost = [&](const ClassConfig& cls) {
        return std::none_of(backends.begin(), backends.end(), [&](const auto& one) { return one.name == cls.backend; });
    };
    const Node* list = c.root.find("classes");
    if (list == nullptr || list->broken || std::any_of(classes.begin(), classes.end(), names_it) ||
        std::any_of(rules.begin(), rules.end(), names_it) || std::any_of(classes.begin(), classes.end(), is_lost) ||
        std::any_of(backends.begin(), backends.end(), falls_back)) {
        return;
    }
    c.warn(node.mark_at("name"), "unused-backend", fmt::format("no class sends requests to '{}'", backend.name));
}

void check_learned(const Checked& c, const BackendConfig& backend, const Node& node) {
    if (!backend.learned) return;
    if (backend.learned->start > backend.learned->max) {
        c.refuse(node.mark_at("capacity.requests.start"), "limit-above-parent",
                 fmt::format("learning starts at {} requests, above its own maximum of {}", backend.learned->start,
                             backend.learned->max),
                 "lower `start`, or raise `max`");
    }
    // A hosted API's KV cache is not Weir's business.
    if (backend.learned->from == upstream::LearnedFrom::latency &&
        backend.context_tokens == upstream::ContextTokens{}) {
        c.warn(node.mark_at("capacity.requests"), "unknown-context",
               fmt::format("how many requests backend '{}' takes is learned, but not how many tokens it holds",
                           backend.name),
               "a full KV cache cannot be observed from outside until it does harm: set capacity.context_tokens, or "
               "`read`");
    }
}

void check_guarantees(const Checked& c, const std::string& backend) {
    double sum = 0;
    const Node* last = nullptr;
    for (std::size_t i = 0; i < c.policy.classes.size(); ++i) {
        const ClassConfig& cls = c.policy.classes[i];
        const Node& node = c.root.items_of("classes")[i];
        if (cls.backend != backend || cls.guarantee == 0 || node.broken) continue;
        sum += cls.guarantee;
        last = &node;
    }
    // A sum of percentages is not exact in binary.
    constexpr double kRounding = 1e-9;
    if (last == nullptr || sum <= kManyGuarantees + kRounding) return;
    const std::string message =
        fmt::format("the guarantees on backend '{}' add up to {} of it", backend, kPercent.print(sum));
    if (sum > 1 + kRounding) {
        c.refuse(last->mark_at("guarantee"), "guarantees-above-whole", message, "no more than 100% can be guaranteed");
    } else {
        c.warn(last->mark_at("guarantee"), "many-guarantees", message,
               "guarantees are taken from better classes in a surge");
    }
}

void check_per_token(const Checked& c, const ClassConfig& cls, const Node& node) {
    if (node.broken || !cls.slo || !cls.slo->per_token || *cls.slo->per_token >= kPromptChunk) return;
    c.warn(node.mark_at("slo.per_token"), "slo-below-prompt-chunk",
           fmt::format("class '{}' promises a token every {}, and one chunk of a prompt takes an engine about {}",
                       cls.name, kDuration.print(*cls.slo->per_token), kDuration.print(kPromptChunk)),
           "a learned capacity would shrink to keep it: promise less, or let the engine take smaller chunks");
}

}  // namespace

void check_backends(const Checked& c) {
    std::size_t endpoints = 0;
    for (std::size_t i = 0; i < c.policy.backends.size(); ++i) {
        const BackendConfig& backend = c.policy.backends[i];
        const Node& node = c.root.items_of("backends")[i];
        endpoints += backend.endpoints.size();
        check_guarantees(c, backend.name);
        if (node.broken) continue;
        check_health(c, backend, node);
        check_discovery(c, backend, node);
        check_endpoints(c, backend, node);
        check_credentials(c, backend, node);
        check_affinity(c, backend, node);
        check_fallback(c, backend, node);
        check_used(c, backend, node);
        check_learned(c, backend, node);
    }
    if (endpoints > kMaxEndpoints) {
        c.refuse(c.root.mark_at("backends"), "too-many-endpoints",
                 fmt::format("there may be at most {} endpoints in all; these are {}", kMaxEndpoints, endpoints));
    }
    for (std::size_t i = 0; i < c.policy.classes.size(); ++i) {
        check_per_token(c, c.policy.classes[i], c.root.items_of("classes")[i]);
    }
}

}  // namespace weir::policy
