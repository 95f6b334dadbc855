#include "downstream/exchange/slot.hpp"

#include <algorithm>

namespace weir::downstream {

using admission::Standing;

Passed Slot::claim(Caller& caller, std::string_view path, std::string_view key) {
    IdempotencyKeys& keys = client_.worker.state().idempotency_keys;
    const IdempotencyKeys::Hash hash = IdempotencyKeys::hash(caller.ask.client, path, key);
    const IdempotencyKeys::Standing standing = keys.begin(hash);
    if (standing == IdempotencyKeys::Standing::in_flight) return refused(Reason::idempotency_key_in_use);
    key_ = hash;
    if (standing == IdempotencyKeys::Standing::first) return nullptr;
    caller.ask.retry = true;
    outcome_.record.retry_count = std::max(outcome_.record.retry_count, 1U);
    return nullptr;
}

Passed Slot::refuse_early(const Caller& caller) {
    if (!caller.open.empty()) return nullptr;  // the deciding judge is unknown until the body is read
    // The body may yet move the request to another backend.
    if (!caller.route->degrade_routes.empty()) return nullptr;
    const auto decision = caller.route->judge->refuse_early(caller.ask, outcome_.arrived);
    return decision ? refused(*decision) : nullptr;
}

Passed Slot::arrive(Caller& caller) {
    judge_ = caller.route->judge.get();
    const Route* fallback = fallback_of(caller);
    caller.ask.fails_when_down = fallback != nullptr || caller.route->config.when_down == admission::WhenDown::fail;
    video_seconds_ = caller.ask.video_seconds;
    if (caller.route->config.preemptible) ticket_.allow_cutting();
    ticket_.came_by(caller.route->backend.get());
    const Standing standing = judge_->arrive(ticket_, caller.ask, client_.turn());
    if (standing == Standing::running) note_shadow();
    const bool is_down = standing == Standing::ended && ticket_.decision().reason == Reason::no_endpoint;
    return is_down && fallback != nullptr ? fall_back(caller, *fallback) : settle(standing);
}

const Route* Slot::fallback_of(const Caller& caller) const {
    // A job is where it was begun, what one endpoint alone knows no other backend does, and a WebSocket is not moved.
    const bool is_bound = caller.ask.bypasses_queue || caller.sticks_to != kNoEndpoint;
    if (is_bound || caller.upgrades()) return nullptr;
    const Route* home = home_ != nullptr ? home_ : caller.route;
    for (std::size_t i = fallbacks_tried_; i < home->fallbacks.size(); ++i) {
        if (home->fallbacks[i].backend->any_available()) return &home->fallbacks[i];
    }
    return nullptr;
}

Passed Slot::fall_back(Caller& caller, const Route& fallback) {
    const TimePoint now = client_.turn();
    if (home_ == nullptr) {
        home_ = caller.route;
        caller.ask.since = ticket_.arrived();
    }
    if (elsewhere_) {
        finish(elsewhere_->ticket, *elsewhere_->judge);
    } else if (ticket_.standing() == Standing::running) {
        judge_->depart(ticket_, now);
    } else if (judge_->arrive_elsewhere(ticket_, caller.ask, now) == Standing::ended) {
        return refused(ticket_.decision());
    }
    fallbacks_tried_ = static_cast<std::size_t>(&fallback - home_->fallbacks.data()) + 1;
    caller.route = &fallback;
    caller.ask.since = ticket_.arrived();
    caller.ask.fails_when_down =
        fallback_of(caller) != nullptr || fallback.config.when_down == admission::WhenDown::fail;
    outcome_.record.backend = fallback.backend->id();
    elsewhere_ = std::make_unique<Elsewhere>(client_.waker, *fallback.judge);
    if (fallback.config.preemptible) elsewhere_->ticket.allow_cutting();
    elsewhere_->ticket.came_by(fallback.backend.get());
    return settle(fallback.judge->arrive(elsewhere_->ticket, caller.ask, now));
}

// `standing` is as the judge returned it: while a request waits, another worker may change it at any moment.
Passed Slot::settle(Standing standing) {
    queued_ = standing == Standing::waiting;
    return standing == Standing::ended ? refused(ticket().decision()) : nullptr;
}

// In shadow mode: the decision that would have been enforced.
void Slot::note_shadow() {
    const admission::Decision& decision = ticket().decision();
    if (!decision.shadow) return;
    outcome_.record.shadow = true;
    outcome_.record.shadow_reason = decision.reason;
    outcome_.note_gate(decision);
}

net::task<Passed> Slot::wait(Caller& caller) { return go_on(caller, nullptr); }

net::task<Passed> Slot::go_on(Caller& caller, Passed no) {
    if (!no && waits()) no = co_await await_verdict();
    while (no && is_for_fallback(*no, caller)) {
        const Route* fallback = fallback_of(caller);
        if (fallback == nullptr) break;
        no = fall_back(caller, *fallback);
        if (!no && waits()) no = co_await await_verdict();
    }
    co_return no;
}

// Its backend went down while it waited, or its quota is used up for longer than it may wait.
bool Slot::is_for_fallback(const Refusal& why, const Caller& caller) {
    if (why.reason == Reason::no_endpoint) return true;
    return why.reason == Reason::queue_timeout && caller.route->backend->config().learns_quota();
}

net::task<Passed> Slot::await_verdict() {
    const TimePoint began = client_.turn();
    Passed no;
    while (!ticket().told()) {
        if (probe_.gone(ClientProbe::kInterim) && judge().leave(ticket(), client_.turn())) {
            queued_ = false;
            no = refused(Reason::client_gone);
            break;
        }
        client_.timer.set(judge().next_expiry(ticket()));
        co_await client_.waker.wait();
        if (!ticket().told()) judge().expire_if_due(ticket(), client_.turn());
    }
    const Duration waited = client_.turn() - began;
    outcome_.record.queue += waited;
    outcome_.waited += waited;
    if (client_.source().ready.broken) {
        no = refused(Reason::client_gone);
    } else if (ticket().told() && ticket().standing() == Standing::ended) {
        no = refused(ticket().decision());
    }
    if (!no) note_shadow();
    co_return no;
}

net::task<Passed> Slot::requeue(bool unreachable) {
    Passed no = settle(judge().requeue(ticket(), client_.turn(), unreachable));
    if (queued_) no = co_await await_verdict();
    co_return no;
}

std::optional<Passed> Slot::refused_by_quota(const Caller& caller, const QuotaReport& report) {
    // It would have to wait for longer than it may.
    const bool too_long = report.retry_after && client_.turn() + *report.retry_after >= ticket().expires();
    if (too_long && fallback_of(caller) != nullptr) {
        judge().quota_report(ticket(), report, client_.turn());
        return refused(Reason::queue_timeout);
    }
    const auto standing = judge().refused_by_quota(ticket(), report, client_.turn());
    if (!standing) return std::nullopt;
    return settle(*standing);
}

void Slot::note_status(int status) {
    if (running()) ticket().set_ending(status < 400 ? admission::Ending::success : admission::Ending::failure);
}

void Slot::note_break(bool by_endpoint) {
    if (running()) ticket().set_ending(by_endpoint ? admission::Ending::failure : admission::Ending::ignored);
}

void Slot::finish(Ticket& ticket, SharedJudge& judge) {
    if (ticket.standing() != Standing::running) return;
    const telemetry::Record& record = outcome_.record;
    const bool made = record.status >= 200 && record.status < 300;
    judge.finish(ticket, client_.turn(),
                 admission::Tokens{record.tokens_in.tokens, record.tokens_out.tokens, made ? video_seconds_ : 0});
}

void Slot::finish() {
    // Only after an exception in the queue: otherwise the verdict has been awaited.
    if (waits()) (void)judge().leave(ticket(), client_.turn());
    queued_ = false;
    if (elsewhere_) finish(elsewhere_->ticket, *elsewhere_->judge);
    if (judge_ != nullptr) finish(ticket_, *judge_);
    if (!key_) return;
    client_.worker.state().idempotency_keys.end(*key_);
    key_.reset();
}

}  // namespace weir::downstream
