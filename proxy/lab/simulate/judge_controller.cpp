#include "lab/simulate/judge_controller.hpp"

namespace weir::simulate {
namespace {

void copy_ruling(Visit& visit) {
    const admission::Decision& decision = visit.decision();
    visit.ruling = {visit.standing(), decision.endpoint, decision.reason, decision.retry_after, visit.evicted()};
}

}  // namespace

void JudgeController::report(VisitChanges& changes) {
    for (admission::Place* place : changed_) {
        auto* visit = static_cast<Visit*>(place);
        copy_ruling(*visit);
        changes.push_back(visit);
    }
    changed_.clear();
}

void JudgeController::arrive(Visit& visit, TimePoint now, VisitChanges& changes) {
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
    judge_.finish(visit, now, changed_);
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
