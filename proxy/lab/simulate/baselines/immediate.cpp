#include "lab/simulate/baselines/immediate.hpp"

namespace weir::simulate {

using admission::Standing;

void run_on(Visit& visit, EndpointId endpoint) { visit.ruling = {Standing::running, endpoint, Reason::admitted, {}}; }

void refuse(Visit& visit, Reason reason, Duration retry_after) {
    visit.ruling = {Standing::ended, kNoEndpoint, reason, retry_after};
}

void ImmediateController::arrive(Visit& visit, TimePoint now, VisitChanges& /*changes*/) {
    if (!counts_.any_available()) return refuse(visit, Reason::no_endpoint);
    // Asked first, because some rules count every arrival.
    const bool welcome = lets_in(visit, now);
    const EndpointId endpoint = counts_.with_capacity();
    if (!welcome || endpoint == kNoEndpoint) return refuse(visit, Reason::queue_full);
    counts_.take(endpoint);
    run_on(visit, endpoint);
    sent(visit, now);
}

void ImmediateController::finish(Visit& visit, TimePoint now, VisitChanges& /*changes*/) {
    counts_.give_back(visit.ruling.endpoint);
    gone(visit, now);
    visit.ruling.standing = Standing::ended;
}

void ImmediateController::leave(Visit& visit, TimePoint /*now*/, VisitChanges& /*changes*/) {
    refuse(visit, Reason::client_gone);  // nothing waits here
}

void ImmediateController::lose(Visit& visit, TimePoint now, VisitChanges& /*changes*/) {
    counts_.give_back(visit.ruling.endpoint);
    gone(visit, now);
    refuse(visit, Reason::backend_reset);
}

void ImmediateController::set_available(EndpointId endpoint, bool available, TimePoint, VisitChanges&) {
    counts_.set_available(endpoint, available);
}

std::span<const Setting> CapController::settings() {
    static constexpr Setting kSettings[]{{"slots", 1, 0.01, 100, "of the policy's capacity.requests"}};
    return kSettings;
}

}  // namespace weir::simulate
