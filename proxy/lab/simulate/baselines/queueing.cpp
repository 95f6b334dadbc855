#include "lab/simulate/baselines/queueing.hpp"

#include "lab/simulate/baselines/immediate.hpp"

namespace weir::simulate {

using admission::Standing;

void QueueingController::arrive(Visit& visit, TimePoint now, VisitChanges& changes) {
    visit.ruling = {Standing::waiting, kNoEndpoint, Reason::admitted, {}};
    enqueue(visit, now);
    pump(now, changes);
    // Its own change is in its ruling.
    std::erase(changes, &visit);
}

void QueueingController::finish(Visit& visit, TimePoint now, VisitChanges& changes) {
    counts_.give_back(visit.ruling.endpoint);
    gone(visit, now);
    visit.ruling.standing = Standing::ended;
    pump(now, changes);
}

void QueueingController::leave(Visit& visit, TimePoint now, VisitChanges& changes) {
    waiting_.remove(visit);
    refuse(visit, Reason::client_gone);
    pump(now, changes);
}

void QueueingController::lose(Visit& visit, TimePoint now, VisitChanges& changes) {
    counts_.give_back(visit.ruling.endpoint);
    gone(visit, now);
    refuse(visit, Reason::backend_reset);
    pump(now, changes);
}

void QueueingController::set_available(EndpointId endpoint, bool available, TimePoint now, VisitChanges& changes) {
    counts_.set_available(endpoint, available);
    pump(now, changes);
}

void QueueingController::expire(TimePoint now, VisitChanges& changes) {
    while (Visit* visit = waiting_.expired(now)) {
        waiting_.remove(*visit);
        refuse(*visit, counts_.any_available() ? Reason::queue_timeout : Reason::no_endpoint);
        changes.push_back(visit);
    }
    pump(now, changes);
}

void QueueingController::pump(TimePoint now, VisitChanges& changes) {
    while (Visit* visit = waiting_.first()) {
        const EndpointId endpoint = place_for(*visit, now);
        if (endpoint == kNoEndpoint) return;
        waiting_.remove(*visit);
        counts_.take(endpoint);
        run_on(*visit, endpoint);
        sent(*visit, now);
        changes.push_back(visit);
    }
}

std::span<const Setting> HaproxyController::settings() {
    static constexpr Setting kSettings[]{
        {"slots", 1, 0.01, 100, "of the policy's capacity.requests"},
        {"timeout", 2, 0.001, 3600, "in seconds, the longest stay in the queue"},
    };
    return kSettings;
}

void HaproxyController::enqueue(Visit& visit, TimePoint now) {
    waiting().add(visit, static_cast<std::uint64_t>(visit.priority), now + timeout_);
}

EndpointId HaproxyController::place_for(const Visit& /*visit*/, TimePoint /*now*/) { return counts().with_capacity(); }

}  // namespace weir::simulate
