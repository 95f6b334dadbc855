#include "simulate/baselines.hpp"

#include <algorithm>
#include <limits>

namespace weir::simulate {

using admission::Standing;

namespace {

void run_on(Visit& visit, EndpointId endpoint) { visit.ruling = {Standing::running, endpoint, Reason::admitted, {}}; }
void refuse(Visit& visit, Reason reason) { visit.ruling = {Standing::ended, kNoEndpoint, reason, {}}; }

}  // namespace

Counts::Counts(const std::vector<admission::JudgeEndpoint>& endpoints, bool capped) {
    for (const auto& endpoint : endpoints) {
        endpoints_.push_back({endpoint.id, capped ? endpoint.requests : std::numeric_limits<std::uint32_t>::max()});
    }
}

EndpointId Counts::take() {
    Endpoint* best = nullptr;
    for (Endpoint& endpoint : endpoints_) {
        if (!endpoint.available || endpoint.inflight >= endpoint.limit) continue;
        if (best == nullptr || endpoint.inflight < best->inflight) best = &endpoint;
    }
    if (best == nullptr) return kNoEndpoint;
    ++best->inflight;
    return best->id;
}

void Counts::give_back(EndpointId id) {
    const auto is_it = [id](const Endpoint& endpoint) { return endpoint.id == id; };
    --std::find_if(endpoints_.begin(), endpoints_.end(), is_it)->inflight;
}

void Counts::set_available(EndpointId id, bool available) {
    for (Endpoint& endpoint : endpoints_) {
        if (endpoint.id == id) endpoint.available = available;
    }
}

bool Counts::any_available() const {
    return std::any_of(endpoints_.begin(), endpoints_.end(),
                       [](const Endpoint& endpoint) { return endpoint.available; });
}

void ImmediateController::arrive(Visit& visit, TimePoint /*now*/, VisitChanges& /*changes*/) {
    const EndpointId endpoint = counts_.take();
    if (endpoint != kNoEndpoint) return run_on(visit, endpoint);
    refuse(visit, counts_.any_available() ? Reason::line_full : Reason::no_endpoint);
}

void ImmediateController::finish(Visit& visit, TimePoint /*now*/, VisitChanges& /*changes*/) {
    counts_.give_back(visit.ruling.endpoint);
    visit.ruling.standing = Standing::ended;
}

void ImmediateController::leave(Visit& visit, TimePoint /*now*/, VisitChanges& /*changes*/) {
    refuse(visit, Reason::client_gone);  // nobody waits here
}

void ImmediateController::lose(Visit& visit, TimePoint /*now*/, VisitChanges& /*changes*/) {
    counts_.give_back(visit.ruling.endpoint);
    refuse(visit, Reason::backend_reset);
}

void ImmediateController::set_available(EndpointId endpoint, bool available, TimePoint, VisitChanges&) {
    counts_.set_available(endpoint, available);
}

void QueueController::arrive(Visit& visit, TimePoint now, VisitChanges& changes) {
    visit.ticket = arrivals_++;
    visit.since = now;
    visit.ruling = {Standing::waiting, kNoEndpoint, Reason::admitted, {}};
    queue_.insert({visit.priority, visit.ticket, &visit});
    by_age_.insert({visit.ticket, &visit});
    pump(changes);
    // Its own change is told by its ruling.
    if (visit.ruling.standing == Standing::running) std::erase(changes, &visit);
}

void QueueController::finish(Visit& visit, TimePoint /*now*/, VisitChanges& changes) {
    counts_.give_back(visit.ruling.endpoint);
    visit.ruling.standing = Standing::ended;
    pump(changes);
}

void QueueController::leave(Visit& visit, TimePoint /*now*/, VisitChanges& /*changes*/) {
    take_out(visit);
    refuse(visit, Reason::client_gone);
}

void QueueController::lose(Visit& visit, TimePoint /*now*/, VisitChanges& changes) {
    counts_.give_back(visit.ruling.endpoint);
    refuse(visit, Reason::backend_reset);
    pump(changes);
}

void QueueController::set_available(EndpointId endpoint, bool available, TimePoint /*now*/, VisitChanges& changes) {
    counts_.set_available(endpoint, available);
    pump(changes);
}

void QueueController::expire(TimePoint now, VisitChanges& changes) {
    while (!by_age_.empty() && by_age_.begin()->second->since + timeout_ <= now) {
        Visit& visit = *by_age_.begin()->second;
        take_out(visit);
        refuse(visit, Reason::patience_expired);
        changes.push_back(&visit);
    }
}

std::optional<TimePoint> QueueController::next_expiry() const {
    if (by_age_.empty()) return std::nullopt;
    return by_age_.begin()->second->since + timeout_;
}

void QueueController::pump(VisitChanges& changes) {
    while (!queue_.empty()) {
        const EndpointId endpoint = counts_.take();
        if (endpoint == kNoEndpoint) return;
        Visit& visit = *std::get<Visit*>(*queue_.begin());
        take_out(visit);
        run_on(visit, endpoint);
        changes.push_back(&visit);
    }
}

void QueueController::take_out(Visit& visit) {
    queue_.erase({visit.priority, visit.ticket, &visit});
    by_age_.erase({visit.ticket, &visit});
}

}  // namespace weir::simulate
