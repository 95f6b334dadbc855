#include "lab/simulate/judge_controller.hpp"

#include <algorithm>

namespace weir::simulate {
namespace {

constexpr Duration kReadEvery = std::chrono::seconds(1);

void copy_ruling(Visit& visit) {
    const admission::Decision& decision = visit.decision();
    visit.ruling = {visit.standing(), decision.endpoint, decision.reason, decision.retry_after, visit.evicted()};
}

}  // namespace

JudgeController::JudgeController(const admission::JudgeConfig& config, TimePoint now)
    : judge_(config, now), read_at_(now) {
    for (const auto& endpoint : config.endpoints) {
        if (endpoint.gauges) gauged_.push_back(endpoint.id);
    }
}

void JudgeController::connect(const EngineConfig& engine, const EngineProbe& probe) {
    probe_ = probe;
    kv_tokens_ = static_cast<double>(engine.kv_tokens);
}

void JudgeController::read_gauges(TimePoint now) {
    if (gauged_.empty() || now < read_at_ + kReadEvery) return;
    read_at_ = now;
    for (const EndpointId endpoint : gauged_) {
        const EngineCounts counts = probe_(endpoint);
        const double usage = std::min(1.0, static_cast<double>(counts.kv_used) / kv_tokens_);
        judge_.set_gauges(endpoint, {counts.running, counts.waiting, usage}, now, changed_);
    }
}

void JudgeController::report(VisitChanges& changes) {
    for (admission::Place* place : changed_) {
        auto* visit = static_cast<Visit*>(place);
        copy_ruling(*visit);
        changes.push_back(visit);
    }
    changed_.clear();
}

void JudgeController::arrive(Visit& visit, TimePoint now, VisitChanges& changes) {
    read_gauges(now);
    report(changes);
    // The server asks for an early refusal before it reads the body; such a request never arrives at the judge.
    if (const auto refusal = judge_.refuse_early(visit.asking, now)) {
        visit.ruling = {admission::Standing::ended, kNoEndpoint, refusal->reason, refusal->retry_after, false};
        return;
    }
    judge_.arrive(visit, visit.asking, now, changed_);
    copy_ruling(visit);
    report(changes);
}

void JudgeController::first_token(Visit& visit, TimePoint now, VisitChanges& changes) {
    judge_.first_token(visit, now, changed_);
    report(changes);
}

void JudgeController::finish(Visit& visit, TimePoint now, VisitChanges& changes) {
    read_gauges(now);
    std::optional<admission::Tokens> spent;
    if (visit.complete) {
        visit.set_ending(admission::Ending::success);
        spent = admission::Tokens{visit.prompt_tokens, visit.output_tokens, 0};
    }
    judge_.finish(visit, now, changed_, spent);
    visit.ruling.standing = visit.standing();
    report(changes);
}

void JudgeController::leave(Visit& visit, TimePoint now, VisitChanges& changes) {
    judge_.leave(visit, now, changed_);
    copy_ruling(visit);
    report(changes);
}

void JudgeController::lose(Visit& visit, TimePoint now, VisitChanges& changes) {
    judge_.requeue(visit, now, changed_);
    copy_ruling(visit);
    report(changes);
}

void JudgeController::set_available(EndpointId endpoint, bool available, TimePoint now, VisitChanges& changes) {
    judge_.set_available(endpoint, available, now, changed_);
    report(changes);
}

void JudgeController::expire(TimePoint now, VisitChanges& changes) {
    judge_.expire(now, changed_);
    report(changes);
}

Gauges JudgeController::gauges(TimePoint now) const {
    Gauges gauges;
    double context = 0;
    double context_limit = 0;
    double prompts = 0;
    double prompt_limit = 0;
    for (const admission::EndpointCounts& endpoint : judge_.counts(now).endpoints) {
        if (!endpoint.available) continue;
        gauges.limit += endpoint.limit;
        context += static_cast<double>(endpoint.context_tokens);
        context_limit += static_cast<double>(endpoint.context_limit);
        prompts += static_cast<double>(endpoint.prompt_tokens);
        prompt_limit += endpoint.prompt_limit;
    }
    if (context_limit > 0) gauges.context = context / context_limit;
    if (prompt_limit > 0) gauges.prompts = prompts / prompt_limit;
    return gauges;
}

}  // namespace weir::simulate
