// What Weir decides about an answer and writes into the request's body, if that is complete: the cheaper answer of
// `degrade`, the tier at which it is served, and its place in the engine's queue.

#include <algorithm>
#include <string>
#include <utility>

#include "ai/output_limit.hpp"
#include "ai/request_scanner.hpp"
#include "base/json_text.hpp"
#include "downstream/exchange/prompt.hpp"

namespace weir::downstream {

using ai::Member;

void Prompt::rewrite(Caller& caller, Upload& upload, Outcome& outcome, TimePoint now) {
    ai::Rewrite rewrite(facts_);
    std::string_view degraded_model;
    if (!caller.route->degrade.empty() && facts_.is_object) degraded_model = degrade(caller, rewrite, outcome, now);
    const upstream::BackendConfig& config = caller.route->backend->config();
    set_model(config, rewrite, degraded_model);
    set_tier(caller, rewrite);
    set_usage(config, rewrite);
    set_priority(caller, config, rewrite);
    if (!rewrite.empty() && rewrite.apply(upload.body())) upload.count();
}

void Prompt::address(const Caller& caller, std::shared_ptr<const upstream::Backend> granted_by, Upload& upload) {
    const upstream::Backend* backend = granted_by ? granted_by.get() : caller.route->backend.get();
    const upstream::Backend* before = std::exchange(written_for_, backend);
    const auto keeps_before = std::exchange(keeps_, std::move(granted_by));
    if (before == backend || caller.body_form != BodyForm::json || !upload.done() || !facts_.is_object) return;
    const upstream::BackendConfig& config = backend->config();
    ai::RequestScanner scanner(facts_.api);
    for (std::size_t i = 0; i < upload.body().segments(); ++i) scanner.push(upload.body().segment(i));
    ai::RequestFacts first = std::exchange(facts_, scanner.finish());
    ai::Rewrite rewrite(facts_);
    const std::string asked = std::exchange(model_for_client_, {});
    set_model(config, rewrite, asked);
    if (asked_usage_ && !config.ask_usage) {
        rewrite.remove(Member::include_usage);
        asked_usage_ = false;
    } else if (!asked_usage_) {
        set_usage(config, rewrite);
    }
    // What is there by now was written for the other engine.
    if (before->config().priority != upstream::EnginePriority::strip) {
        Caller untrusted;
        untrusted.route = caller.route;
        set_priority(untrusted, config, rewrite);
    } else {
        set_priority(caller, config, rewrite);
    }
    if (!rewrite.empty() && rewrite.apply(upload.body())) upload.count();
    facts_ = std::move(first);
}

void Prompt::set_usage(const upstream::BackendConfig& config, ai::Rewrite& rewrite) {
    const bool streams_chunks = facts_.api == ai::Api::chat || facts_.api == ai::Api::completions;
    asked_usage_ = facts_.stream && !facts_.include_usage && streams_chunks && config.ask_usage;
    if (asked_usage_) rewrite.set(Member::include_usage, "true");
}

std::string_view Prompt::degrade(Caller& caller, ai::Rewrite& rewrite, Outcome& outcome, TimePoint now) {
    const Route& home = *caller.route;
    const std::string model = facts_.text(Member::model);
    // A rule changes the tier that would have been served, not the one requested.
    const std::string tier = overrides_tier(caller) ? home.config.service_tier : facts_.text(Member::service_tier);
    const bool known = ai::is_known(facts_.api);
    const admission::DegradePlan plan = admission::plan_degrade(home.degrade,
                                                                {.model = model,
                                                                 .service_tier = tier,
                                                                 .prompt_tokens = caller.ask.prompt_tokens,
                                                                 .max_output_tokens = facts_.max_output_tokens,
                                                                 .n = facts_.n,
                                                                 .has_length = ai::generates(facts_.api),
                                                                 .has_model = known,
                                                                 .has_tier = ai::generates(facts_.api)},
                                                                home.judge->pressure(now));
    outcome.record.spared_rules = plan.spared;
    if (plan.applied == 0) return {};
    outcome.record.degraded_rules = plan.applied;
    for (const admission::DegradeRule& rule : home.degrade) {
        if ((plan.applied >> index(rule.id) & 1U) == 0) continue;
        outcome.degraded.append(outcome.degraded.empty() ? "" : ",").append(rule.config.name);
    }
    if (plan.max_output_tokens) ai::limit_length(*plan.max_output_tokens, facts_, rewrite);
    if (plan.n) ai::limit_answers(*plan.n, facts_, rewrite);
    // The caller's rates are charged for the answer that is possible now.
    if (plan.max_output_tokens) {
        facts_.max_output_tokens =
            std::min(facts_.max_output_tokens.value_or(*plan.max_output_tokens), *plan.max_output_tokens);
    }
    if (plan.n) facts_.n = std::min(facts_.n, *plan.n);
    (void)estimate_output(caller);  // it is known by now that it can be priced
    degraded_tier_ = plan.service_tier;
    if (!plan.service_tier.empty()) rewrite.set(Member::service_tier, json_string(plan.service_tier));
    for (const Route& other : home.degrade_routes) {
        if (other.backend->config().name != plan.backend) continue;
        caller.route = &other;
        outcome.record.backend = other.backend->id();
    }
    return plan.model;
}

void Prompt::set_model(const upstream::BackendConfig& config, ai::Rewrite& rewrite, std::string_view degraded) {
    const upstream::NamedTexts& names = config.models;
    if (degraded.empty() && (names.empty() || !facts_.at(Member::model).there())) return;
    const std::string asked = degraded.empty() ? facts_.text(Member::model) : std::string(degraded);
    const auto named = std::find_if(names.begin(), names.end(), [&](const auto& name) { return name.first == asked; });
    if (named != names.end()) {
        model_for_client_ = asked;
        rewrite.set(Member::model, json_string(named->second));
    } else if (!degraded.empty()) {
        rewrite.set(Member::model, json_string(degraded));
    }
}

void Prompt::set_priority(const Caller& caller, const upstream::BackendConfig& config, ai::Rewrite& rewrite) const {
    if (facts_.api == ai::Api::generic) return;
    const auto rank = static_cast<unsigned>(caller.route->config.priority);
    // For engines where greater numbers go first.
    const auto claim = static_cast<unsigned>(admission::kPriorityCount - 1) - rank;
    // On other paths such a member may be the caller's own; only a number can be meant for an engine.
    const bool ours = ai::is_known(facts_.api) || ai::read_count(facts_.written(Member::priority)) ||
                      ai::is_negative(facts_.written(Member::priority));
    const auto strip = [&] {
        if (!caller.trusted && ours) rewrite.remove(Member::priority);
    };
    switch (config.priority) {
        case upstream::EnginePriority::vllm: rewrite.set(Member::priority, std::to_string(rank)); break;
        case upstream::EnginePriority::sglang: rewrite.set(Member::priority, std::to_string(claim)); break;
        case upstream::EnginePriority::dynamo:
            strip();
            return rewrite.set(Member::agent_hints, "{\"priority\":" + std::to_string(claim) + "}");
        case upstream::EnginePriority::strip: strip(); break;
    }
    if (!caller.trusted) rewrite.remove(Member::agent_hints);
}

bool Prompt::overrides_tier(const Caller& caller) const {
    return !caller.route->config.service_tier.empty() && facts_.asks_for_tier();
}

void Prompt::set_tier(const Caller& caller, ai::Rewrite& rewrite) const {
    const std::string& tier = caller.route->config.service_tier;
    if (!overrides_tier(caller) || !degraded_tier_.empty() || facts_.says(Member::service_tier, tier)) return;
    rewrite.set(Member::service_tier, json_string(tier));
}

}  // namespace weir::downstream
