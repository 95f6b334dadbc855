#include "lab/simulate/baselines/limiter.hpp"

namespace weir::simulate {

bool LimiterController::lets_in(const Visit& /*visit*/, TimePoint /*now*/) {
    return counts().inflight() + 1 <= std::max(limiter_->limit(), 1.0);
}

void LimiterController::sent(Visit& visit, TimePoint now) {
    visit.since = now;
    visit.rank = counts().inflight();
}

void LimiterController::first_token(Visit& visit, TimePoint now, VisitChanges& /*changes*/) {
    if (!whole_answer_) limiter_->sample(now - visit.since, static_cast<std::uint32_t>(visit.rank), now);
}

void LimiterController::gone(Visit& visit, TimePoint now) {
    const auto inflight = static_cast<std::uint32_t>(visit.rank);
    if (!visit.answered) return limiter_->failed(inflight, now);
    if (whole_answer_) limiter_->sample(now - visit.since, inflight, now);
}

}  // namespace weir::simulate
