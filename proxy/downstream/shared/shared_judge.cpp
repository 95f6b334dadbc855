#include "downstream/shared/shared_judge.hpp"

#include <algorithm>
#include <new>

#include "net/event_loop.hpp"

namespace weir::downstream {

using admission::Standing;

std::optional<admission::Decision> SharedJudge::refuse_early(const admission::Ask& ask, TimePoint now) {
    const std::lock_guard lock(mutex_);
    return judge_.refuse_early(ask, now);
}

Standing SharedJudge::arrive(Ticket& ticket, const admission::Ask& ask, TimePoint now) {
    const std::lock_guard lock(mutex_);
    ticket.told_ = false;
    judge_.arrive(ticket, ask, now, changes_);
    name_backend(ticket);
    tell();
    return ticket.standing();
}

void SharedJudge::first_token(Ticket& ticket, TimePoint now) {
    const std::lock_guard lock(mutex_);
    judge_.first_token(ticket, now, changes_);
    tell();
}

void SharedJudge::streamed(Ticket& ticket, std::uint32_t tokens, TimePoint now) {
    const std::lock_guard lock(mutex_);
    judge_.streamed(ticket, tokens, now);
}

void SharedJudge::finish(admission::Place& place, TimePoint now, const std::optional<admission::Tokens>& spent) {
    const std::lock_guard lock(mutex_);
    judge_.finish(place, now, changes_, spent);
    tell();
}

void SharedJudge::move(Ticket& ticket, EndpointId endpoint, TimePoint now) {
    const std::lock_guard lock(mutex_);
    judge_.move(ticket, endpoint, now, changes_);
    tell();
}

void SharedJudge::hand_over(Ticket& ticket, admission::Place& job, TimePoint now) {
    const std::lock_guard lock(mutex_);
    judge_.hand_over(ticket, job, now, changes_);
    tell();
}

admission::Allowance SharedJudge::allowance(const admission::Ask& ask, TimePoint now) const {
    const std::lock_guard lock(mutex_);
    return judge_.allowance(ask, now);
}

bool SharedJudge::leave(Ticket& ticket, TimePoint now) {
    const std::lock_guard lock(mutex_);
    if (ticket.standing() != Standing::waiting) return false;
    judge_.leave(ticket, now, changes_);
    tell();
    return true;
}

Standing SharedJudge::requeue(Ticket& ticket, TimePoint now, bool unreachable) {
    const std::lock_guard lock(mutex_);
    ticket.told_ = false;
    judge_.requeue(ticket, now, changes_, unreachable);
    name_backend(ticket);
    tell();
    return ticket.standing();
}

void SharedJudge::depart(Ticket& ticket, TimePoint now) {
    const std::lock_guard lock(mutex_);
    judge_.depart(ticket, now, changes_);
    tell();
}

Standing SharedJudge::arrive_elsewhere(Ticket& ticket, const admission::Ask& ask, TimePoint now) {
    const std::lock_guard lock(mutex_);
    judge_.arrive_elsewhere(ticket, ask, now, changes_);
    tell();
    return ticket.standing();
}

std::uint32_t SharedJudge::inflight(ClassId cls) const {
    const std::lock_guard lock(mutex_);
    return judge_.inflight(cls);
}

std::optional<Standing> SharedJudge::refused_by_quota(Ticket& ticket, const QuotaReport& report, TimePoint now) {
    const std::lock_guard lock(mutex_);
    const bool dropped = judge_.refused_by_quota(ticket, report, now, changes_);
    if (dropped) {
        ticket.told_ = false;
        name_backend(ticket);
    }
    tell();
    return dropped ? std::optional(ticket.standing()) : std::nullopt;
}

void SharedJudge::quota_report(Ticket& ticket, const QuotaReport& report, TimePoint now) {
    const std::lock_guard lock(mutex_);
    judge_.quota_report(ticket, report, now, changes_);
    tell();
}

void SharedJudge::expire(TimePoint now) {
    const std::lock_guard lock(mutex_);
    judge_.expire(now, changes_);
    tell();
}

void SharedJudge::expire_if_due(Ticket& ticket, TimePoint now) {
    if (now < next_expiry(ticket)) return;
    // The next instant, if there is one, comes by a message.
    if (ticket.keeps_time_at_ <= now) ticket.keeps_time_at_ = TimePoint::max();
    expire(now);
}

void SharedJudge::set_intake(EndpointId endpoint, const Intake& intake, TimePoint now) {
    const std::lock_guard lock(mutex_);
    judge_.set_intake(endpoint, intake, now, changes_);
    tell();
}

void SharedJudge::set_context(EndpointId endpoint, std::uint64_t tokens, TimePoint now) {
    const std::lock_guard lock(mutex_);
    judge_.set_context(endpoint, tokens, now, changes_);
    tell();
}

LimitsShown SharedJudge::set_gauges(EndpointId endpoint, const EngineGauges& gauges, TimePoint now) {
    const std::lock_guard lock(mutex_);
    const LimitsShown shown = judge_.set_gauges(endpoint, gauges, now, changes_);
    tell();
    return shown;
}

void SharedJudge::reconfigure(const admission::JudgeConfig& config, const std::shared_ptr<upstream::Backend>& backend,
                              TimePoint now) {
    const std::lock_guard lock(mutex_);
    backend_ = backend;
    in_force_ = backend.get();
    judge_.reconfigure(config, now, changes_);
    // An endpoint whose address has changed keeps its number and starts anew: its being up would never be reported.
    for (const auto& endpoint : backend ? backend->endpoints() : std::span<const std::shared_ptr<upstream::Endpoint>>{})
        judge_.set_intake(endpoint->id(), endpoint->intake(), now, changes_);
    tell();
}

admission::JudgeCounts SharedJudge::counts(TimePoint now) const {
    const std::lock_guard lock(mutex_);
    return judge_.counts(now);
}

void SharedJudge::name_backend(Ticket& ticket) const {
    // The usual case: compares two pointers and touches no shared counter.
    if (ticket.came_by_ == nullptr || in_force_ == nullptr || ticket.came_by_ == in_force_) return;
    if (ticket.standing() == Standing::running && ticket.granted_by_.get() != in_force_) {
        ticket.granted_by_ = backend_.lock();
    }
}

// Every place in this judge is a ticket.
void SharedJudge::tell(Ticket& ticket) const {
    if (ticket.evicted()) {
        ticket.waker_.loop().post([self = ticket.self_] {
            if (*self == nullptr) return;
            (*self)->cut_ = true;
            (*self)->waker_.wake();
        });
        return;
    }
    name_backend(ticket);
    ticket.waker_.loop().post([&ticket] {
        ticket.told_ = true;
        ticket.waker_.wake();
    });
}

double SharedJudge::pressure(TimePoint now) {
    const std::lock_guard lock(mutex_);
    return judge_.pressure(now);
}

void SharedJudge::tell() {
    std::size_t notified = 0;
    try {
        for (; notified < changes_.size(); ++notified) tell(static_cast<Ticket&>(*changes_[notified]));
    } catch (const std::bad_alloc&) {
        // A ticket not yet notified waits on, and is notified with the next change; an eviction may be forgotten.
        std::erase_if(changes_, [](admission::Place* place) { return place->evicted(); });
        notified = std::min(notified, changes_.size());
    }
    changes_.erase(changes_.begin(), changes_.begin() + static_cast<std::ptrdiff_t>(notified));
    const auto next = judge_.next_timeout();
    next_expiry_.store(next ? next->time_since_epoch().count() : Duration::max().count(), std::memory_order_relaxed);
    keep_time();
}

void SharedJudge::keep_time() {
    const auto paced = judge_.next_paced();
    if (!paced) {
        keeper_ = nullptr;
        return;
    }
    if (paced->head == keeper_ && paced->at == kept_until_) return;
    auto& ticket = static_cast<Ticket&>(*paced->head);
    try {
        // It may leave before the message arrives.
        if (!ticket.self_) ticket.self_ = std::make_shared<Ticket*>(&ticket);
        ticket.waker_.loop().post([self = ticket.self_, at = paced->at] {
            if (*self == nullptr) return;
            (*self)->keeps_time_at_ = at;
            (*self)->waker_.wake();
        });
        keeper_ = paced->head;
        kept_until_ = paced->at;
    } catch (const std::bad_alloc&) {
        keeper_ = nullptr;  // the next call tries again
    }
}

}  // namespace weir::downstream
