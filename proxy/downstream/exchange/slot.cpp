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
    // The body may yet move the request to a fallback route.
    if (!caller.route->fallback_routes.empty()) return nullptr;
    const auto decision = caller.route->judge->refuse_early(caller.ask, outcome_.arrived);
    return decision ? refused(*decision) : nullptr;
}

Passed Slot::arrive(const Caller& caller) {
    judge_ = caller.route->judge.get();
    video_seconds_ = caller.ask.video_seconds;
    if (caller.route->config.preemptible) ticket_.allow_cutting();
    ticket_.came_by(caller.route->backend.get());
    const Standing standing = judge_->arrive(ticket_, caller.ask, client_.turn());
    if (standing == Standing::running) note_shadow();
    return settle(standing);
}

// `standing` is as the judge returned it: while a request waits, another worker may change it at any moment.
Passed Slot::settle(Standing standing) {
    queued_ = standing == Standing::waiting;
    return standing == Standing::ended ? refused(ticket_.decision()) : nullptr;
}

// In shadow mode: the decision that would have been enforced.
void Slot::note_shadow() {
    const admission::Decision& decision = ticket_.decision();
    if (!decision.shadow) return;
    outcome_.record.shadow = true;
    outcome_.record.shadow_reason = decision.reason;
    outcome_.note_gate(decision);
}

net::task<Passed> Slot::wait() {
    const TimePoint began = client_.turn();
    Passed no;
    while (!ticket_.told()) {
        if (probe_.gone(ClientProbe::kInterim) && judge_->leave(ticket_, client_.turn())) {
            queued_ = false;
            no = refused(Reason::client_gone);
            break;
        }
        client_.timer.set(judge_->next_expiry());
        co_await client_.waker.wait();
        if (!ticket_.told() && client_.turn() >= judge_->next_expiry()) judge_->expire(client_.turn());
    }
    const Duration waited = client_.turn() - began;
    outcome_.record.queue += waited;
    outcome_.waited += waited;
    if (client_.source().ready.broken) {
        no = refused(Reason::client_gone);
    } else if (ticket_.told() && ticket_.standing() == Standing::ended) {
        no = refused(ticket_.decision());
    }
    if (!no) note_shadow();
    co_return no;
}

net::task<Passed> Slot::requeue() {
    Passed no = settle(judge_->requeue(ticket_, client_.turn()));
    if (queued_) no = co_await wait();
    co_return no;
}

void Slot::finish() {
    const telemetry::Record& record = outcome_.record;
    // Only after an exception in the queue: otherwise the verdict has been awaited.
    if (waits()) (void)judge_->leave(ticket_, client_.turn());
    queued_ = false;
    if (running()) {
        const bool made = record.status >= 200 && record.status < 300;
        judge_->finish(ticket_, client_.turn(),
                       admission::Tokens{record.tokens_in.tokens, record.tokens_out.tokens, made ? video_seconds_ : 0});
    }
    if (!key_) return;
    client_.worker.state().idempotency_keys.end(*key_);
    key_.reset();
}

}  // namespace weir::downstream
