#include "admission/degrade.hpp"

#include <algorithm>

namespace weir::admission {
namespace {

bool is_like(std::string_view text, std::string_view pattern) {
    if (!pattern.ends_with('*')) return text == pattern;
    return text.starts_with(pattern.substr(0, pattern.size() - 1));
}

bool holds(const DegradeConfig& rule, const DegradeAsk& ask, double pressure) {
    if (pressure < rule.pressure) return false;
    const auto& models = rule.models;
    const auto names = [&](const std::string& model) { return is_like(ask.model, model); };
    if (!models.empty() && std::none_of(models.begin(), models.end(), names)) return false;
    if (!rule.prompt) return true;
    return ask.prompt_tokens >= rule.prompt->min && (!rule.prompt->max || ask.prompt_tokens <= *rule.prompt->max);
}

bool can_be_done(const DegradeConfig& rule, const DegradeAsk& ask) {
    if ((rule.max_output_tokens || rule.n) && !ask.has_length) return false;
    return (rule.model.empty() || ask.has_model) && (rule.service_tier.empty() || ask.has_tier);
}

// The plan once the rule has been applied; the same plan where it changes nothing.
DegradePlan apply(const DegradeConfig& rule, const DegradeAsk& ask, DegradePlan plan) {
    const auto length = plan.max_output_tokens ? plan.max_output_tokens : ask.max_output_tokens;
    if (rule.max_output_tokens && (!length || *length > *rule.max_output_tokens)) {
        plan.max_output_tokens = rule.max_output_tokens;
    }
    if (rule.n && plan.n.value_or(ask.n) > *rule.n) plan.n = rule.n;
    const auto replace = [](std::string_view& planned, std::string_view asked, std::string_view by) {
        if (!by.empty() && (planned.empty() ? asked : planned) != by) planned = by;
    };
    replace(plan.model, ask.model, rule.model);
    replace(plan.service_tier, ask.service_tier, rule.service_tier);
    replace(plan.backend, {}, rule.backend);
    return plan;
}

bool same(const DegradePlan& a, const DegradePlan& b) {
    return a.max_output_tokens == b.max_output_tokens && a.n == b.n && a.model == b.model &&
           a.service_tier == b.service_tier && a.backend == b.backend;
}

}  // namespace

DegradePlan plan_degrade(std::span<const DegradeRule> rules, const DegradeAsk& ask, double pressure) {
    DegradePlan plan;
    for (const DegradeRule& rule : rules) {
        if (!holds(rule.config, ask, pressure) || !can_be_done(rule.config, ask)) continue;
        DegradePlan next = apply(rule.config, ask, plan);
        if (same(next, plan)) continue;
        const std::uint64_t bit = std::uint64_t{1} << index(rule.id);
        if (rule.config.mode == Mode::shadow) {
            plan.spared |= bit;
        } else {
            plan = next;
            plan.applied |= bit;
        }
    }
    return plan;
}

}  // namespace weir::admission
