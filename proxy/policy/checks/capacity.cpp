#include <fmt/format.h>

#include <chrono>
#include <utility>

#include "policy/checks/check.hpp"
#include "policy/forms/forms.hpp"

namespace weir::policy {
namespace {

using namespace std::chrono_literals;

constexpr double kManyGuarantees = 0.5;
// An engine that takes prompts in chunks of 2048 tokens stops all streams for that long at each of them.
constexpr Duration kPromptChunk = 70ms;

// What is said of a backend's capacity, and what its classes take of it for granted.
class CapacityChecker {
public:
    CapacityChecker(const Checked& checked, Diagnostics& diagnostics)
        : policy_(checked.policy), root_(checked.root), diagnostics_(diagnostics) {}

    void run() {
        const auto backends = items_of(root_, "backends");
        for (std::size_t i = 0; i < policy_.backends.size(); ++i) {
            if (!backends[i].broken) check_learned(policy_.backends[i], backends[i]);
            check_guarantees(policy_.backends[i].name);
        }
        const auto classes = items_of(root_, "classes");
        for (std::size_t i = 0; i < policy_.classes.size(); ++i) {
            if (!classes[i].broken) check_per_token(policy_.classes[i], classes[i]);
        }
    }

private:
    void report(Severity severity, const Mark& mark, std::string id, std::string message, std::string help) {
        diagnostics_.push_back({severity, mark, std::move(id), std::move(message), {}, std::move(help)});
    }

    void check_learned(const upstream::BackendConfig& backend, const Node& node) {
        if (!backend.learned) return;
        if (backend.learned->start > backend.learned->max) {
            report(Severity::error, mark_at(node, "capacity.requests.start"), "limit-above-parent",
                   fmt::format("learning starts at {} requests, above its own maximum of {}", backend.learned->start,
                               backend.learned->max),
                   "lower `start`, or raise `max`");
        }
        if (backend.context_tokens == upstream::ContextTokens{}) {
            report(
                Severity::warning, mark_at(node, "capacity.requests"), "unknown-context",
                fmt::format("how many requests backend '{}' takes is learned, but not how many tokens it holds",
                            backend.name),
                "a full KV cache cannot be seen from outside until it hurts: set capacity.context_tokens, or `read`");
        }
    }

    void check_guarantees(const std::string& backend) {
        double sum = 0;
        const Node* last = nullptr;
        const auto nodes = items_of(root_, "classes");
        for (std::size_t i = 0; i < policy_.classes.size(); ++i) {
            const admission::ClassConfig& cls = policy_.classes[i];
            if (cls.backend != backend || cls.guarantee == 0 || nodes[i].broken) continue;
            sum += cls.guarantee;
            last = &nodes[i];
        }
        // A sum of percentages is not exact in binary.
        constexpr double kRounding = 1e-9;
        if (last == nullptr || sum <= kManyGuarantees + kRounding) return;
        const bool impossible = sum > 1 + kRounding;
        report(impossible ? Severity::error : Severity::warning, mark_at(*last, "guarantee"),
               impossible ? "guarantees-above-whole" : "many-guarantees",
               fmt::format("the guarantees on backend '{}' come to {} of it", backend, kPercent.print(sum)),
               impossible ? "no more than 100% can be given away"
                          : "what is guaranteed is taken from better classes in a surge");
    }

    void check_per_token(const admission::ClassConfig& cls, const Node& node) {
        if (!cls.slo || !cls.slo->per_token || *cls.slo->per_token >= kPromptChunk) return;
        report(Severity::warning, mark_at(node, "slo.per_token"), "slo-below-prompt-chunk",
               fmt::format("class '{}' promises a token every {}, and one chunk of a prompt takes an engine about {}",
                           cls.name, kDuration.print(*cls.slo->per_token), kDuration.print(kPromptChunk)),
               "a learned capacity would shrink to keep it: promise less, or let the engine take smaller chunks");
    }

    const Policy& policy_;
    const Node& root_;
    Diagnostics& diagnostics_;
};

}  // namespace

void check_capacity(const Checked& checked, Diagnostics& diagnostics) { CapacityChecker(checked, diagnostics).run(); }

}  // namespace weir::policy
