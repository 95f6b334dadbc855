// What Weir decides of an answer and tells the engine in the request's body, while all of it is here: the cheaper
// answer that `degrade` makes of it, and the tier as which it is served.

#include <algorithm>
#include <string>

#include "ai/output_limit.hpp"
#include "base/json_text.hpp"
#include "downstream/exchange.hpp"

namespace weir::downstream {
namespace {

using ai::Member;

}  // namespace

void Exchange::degrade(ai::Rewrite& rewrite) {
    const Route& home = *route_;
    const std::string model = facts_.text(Member::model, body_);
    // A rule changes the tier that it would have been served as, not the one that it asked for.
    const std::string tier = overrides_tier() ? home.config.service_tier : facts_.text(Member::service_tier, body_);
    const bool known = ai::is_known(facts_.api);
    const admission::DegradePlan plan = admission::plan_degrade(home.degrade,
                                                                {.model = model,
                                                                 .service_tier = tier,
                                                                 .prompt_tokens = ask_.prompt_tokens,
                                                                 .max_output_tokens = facts_.max_output_tokens,
                                                                 .n = facts_.n,
                                                                 .has_length = ai::generates(facts_.api),
                                                                 .has_model = known,
                                                                 .has_tier = ai::generates(facts_.api)},
                                                                home.judge->pressure(link_.turn()));
    record_.spared_rules = plan.spared;
    if (plan.applied == 0) return;
    record_.degraded_rules = plan.applied;
    for (const admission::DegradeRule& rule : home.degrade) {
        if ((plan.applied >> index(rule.id) & 1U) == 0) continue;
        degraded_.append(degraded_.empty() ? "" : ",").append(rule.config.name);
    }
    record_.degraded = degraded_;
    if (plan.max_output_tokens) ai::limit_length(*plan.max_output_tokens, facts_, body_, rewrite);
    if (plan.n) ai::limit_answers(*plan.n, facts_, body_, rewrite);
    // What is reserved of the caller's rates is what may come out now.
    if (plan.max_output_tokens) {
        facts_.max_output_tokens =
            std::min(facts_.max_output_tokens.value_or(*plan.max_output_tokens), *plan.max_output_tokens);
    }
    if (plan.n) facts_.n = std::min(facts_.n, *plan.n);
    estimate_output();
    if (!plan.model.empty()) rewrite.set(Member::model, json_string(plan.model));
    degraded_tier_ = plan.service_tier;
    if (!plan.service_tier.empty()) rewrite.set(Member::service_tier, json_string(plan.service_tier));
    for (const Route& detour : home.detours) {
        if (detour.backend->config().name != plan.backend) continue;
        route_ = &detour;
        record_.backend = detour.backend->id();
    }
}

bool Exchange::overrides_tier() const { return !route_->config.service_tier.empty() && facts_.asks_for_tier(body_); }

void Exchange::tell_tier(ai::Rewrite& rewrite) const {
    const std::string& tier = route_->config.service_tier;
    if (!overrides_tier() || !degraded_tier_.empty() || facts_.says(Member::service_tier, tier, body_)) return;
    rewrite.set(Member::service_tier, json_string(tier));
}

}  // namespace weir::downstream
