#include "admission/judge.hpp"

#include <algorithm>
#include <cassert>

#include "admission/judge_state.hpp"

namespace weir::admission {

Judge::Judge(const JudgeConfig& config, TimePoint now) : state_(std::make_unique<State>(config, now)) {
    state_->adopt(config, now);
}

Judge::~Judge() = default;

void Judge::State::decide(Place& place, Class& cls, TimePoint now, Changes& changes) {
    if (place.ask_.bypasses_queue) return bypass_queue(place, cls);
    const bool shadow = in_shadow(cls);
    // An answer after the caller's own deadline is useless to it.
    const bool too_late = place.ask_.deadline && *place.ask_.deadline <= now;
    if (too_late && !shadow) return refuse(place, cls, out_of_time(place, cls, now));

    // Limits come before the queue: a request over its own limits is refused for that, regardless of current load.
    const ClassLimits::Finding over = cls.limits.check(place.ask_.client, now, estimate_of(place.ask_));
    if (over.live && !shadow) return refuse(place, cls, over_limit(*over.live));
    if (const auto& excess = over.live ? over.live : over.shadow) {
        place.decision_ = over_limit(*excess);
        place.decision_.shadow = true;
    }

    if (place.ask_.fails_when_down && !gate.any_available() && !shadow) {
        return refuse(place, cls, overload(cls, Reason::no_endpoint, Gate::endpoints, 1, 0));
    }

    place.client_slot_ = cls.limits.enter(place.ask_.client, now);
    const ClientSlot slot = place.client_slot_;
    if (cls.config.shed == Shed::evenly) cls.limits.client(slot).finish_tag = place.key_.turn + kTurn;
    headroom.observe(cls.config.priority, now);
    seat(place, cls, now, changes);

    // Charged last: a request refused for overload on the spot uses nothing of its rate. One that got a place in the
    // queue does, even if it is refused later: refunding it then would credit tokens that the bucket has regained by
    // itself.
    if (place.standing_ != Standing::ended) cls.limits.charge(slot, now, estimate_of(place.ask_), place.reservation_);
}

void Judge::State::bypass_queue(Place& place, Class& cls) {
    Endpoint* endpoint = gate.available(place.ask_.endpoint);
    if (endpoint == nullptr && place.ask_.endpoint == kNoEndpoint) endpoint = gate.least_loaded();
    if (endpoint == nullptr) return refuse(place, cls, overload(cls, Reason::no_endpoint, Gate::endpoints, 1, 0));
    if (bypassing >= law::kMaxBypassing) {
        return refuse(place, cls, overload(cls, Reason::queue_full, Gate::queue, law::kMaxBypassing, bypassing + 1.0));
    }
    ++bypassing;
    place.decision_.verdict = Verdict::admit;
    place.decision_.reason = Reason::exempt;
    place.decision_.endpoint = endpoint->id;
    place.standing_ = Standing::running;
}

void Judge::State::seat(Place& place, Class& cls, TimePoint now, Changes& changes) {
    if (in_shadow(cls) && run_in_shadow(place, cls, now)) return;
    if (expiry.empty() && pass_empty_queue(place, cls, now)) return;
    enter_queue(place, cls);
    pump(now, changes, &place);
    // A request that may not wait is refused before the queue's bound is checked, so that it displaces nothing.
    if (place.standing_ == Standing::waiting && place.expires_ <= now) {
        refuse(place, cls, out_of_time(place, cls, now));
    }
    shed(cls, changes, &place);
    if (place.standing_ == Standing::waiting && !place.decision_.shadow) {
        place.decision_.reason = Reason::admitted_after_wait;
    }
}

// Past its queue timeout it may not wait any more, but may still run at once.
void Judge::State::seat_again(Place& place, Class& cls, TimePoint now, Changes& changes) {
    const bool too_late = place.ask_.deadline && *place.ask_.deadline <= now;
    if (too_late || !gate.any_available()) return refuse(place, cls, out_of_time(place, cls, now));
    place.decision_.endpoint = kNoEndpoint;
    seat(place, cls, now, changes);
}

void Judge::State::pump(TimePoint now, Changes& changes, const Place* caller) {
    while (true) {
        const Turn turn = next_turn(now);
        if (turn.cls == nullptr) return gate.note_unblocked(now);
        Place& head = turn.cls->queue.best();
        // The head blocks: nothing overtakes it.
        if (turn.endpoint == nullptr) return gate.note_blocked(need_of(head, *turn.cls, now), now);
        leave_queue(head, *turn.cls);
        dispatch(head, *turn.cls, *turn.endpoint, now);
        if (&head != caller) changes.push_back(&head);
    }
}

void Judge::State::shed(Class& cls, Changes& changes, const Place* caller) {
    while (cls.queue.size() > cls.queue_limit) {
        Place& worst = cls.queue.worst();
        const bool itself = &worst == caller || caller == nullptr;
        refuse(worst, cls, queue_is_full(cls, itself ? Reason::queue_full : Reason::displaced));
        if (&worst != caller) changes.push_back(&worst);
    }
}

void Judge::State::evict(Changes& changes) {
    // One round at a time: its effect is seen before more requests are evicted.
    const auto due = next_eviction();
    if (!due || *due > now_) return;
    Class& claimant = *first_waiting();
    Class& victim = *victim_for(claimant);
    const TimePoint since = claimant.queue.best().arrived_;
    const Decision why =
        overload(victim, Reason::evicted, Gate::eviction, seconds(*due - since), seconds(now_ - since));
    const auto share = static_cast<std::size_t>(law::kEvictAtOnce * gate.inflight());
    std::size_t wanted =
        std::min({claimant.queue.size(), std::max<std::size_t>(share, 1), std::size_t{victim.inflight}});
    victim.running.newest_first([&](Place& place) {
        place.evicted_ = true;
        place.eviction_ = why;
        ++evicting;
        changes.push_back(&place);
        return --wanted > 0;
    });
}

TimePoint Judge::State::expire_old(TimePoint now, Changes& changes) {
    now_ = std::max(now_, now);
    gate.forget_old(now_);
    while (!expiry.empty() && expiry.first_expiry() <= now_) {
        Place& place = expiry.first();
        Class& cls = class_of(place.ask_.cls);
        refuse(place, cls, out_of_time(place, cls, now_));
        changes.push_back(&place);
    }
    return now_;
}

TimePoint Judge::State::catch_up(TimePoint now, Changes& changes) {
    expire_old(now, changes);
    if (expiry.empty()) {  // nothing waits: nothing to serve, or to evict for
        gate.note_unblocked(now_);
        return now_;
    }
    pump(now_, changes);
    evict(changes);
    return now_;
}

std::optional<Decision> Judge::refuse_early(const Ask& ask, TimePoint now) {
    State& state = *state_;
    State::Class& cls = state.class_of(ask.cls);
    if (state.in_shadow(cls) || ask.bypasses_queue) return std::nullopt;
    now = std::max(now, state.now_);
    Place place;
    state.begin(place, ask, cls, now);
    if (ask.deadline && *ask.deadline <= now) return state.out_of_time(place, cls, now);
    if (const auto over = cls.limits.check(ask.client, now, State::estimate_of(ask)); over.live)
        return State::over_limit(*over.live);

    // With expired places still to be removed, what the queue will look like is not certain.
    if (!state.expiry.empty() && state.expiry.first_expiry() <= now) return std::nullopt;
    if (state.next_turn(now).endpoint != nullptr) return std::nullopt;
    if (state.runs_at_once(place, cls, now)) return std::nullopt;
    if (place.expires_ <= now) {
        const Decision refusal = state.out_of_time(place, cls, now);
        state.note_overload(cls, refusal.reason, now);
        return refusal;
    }
    const bool full = cls.queue.size() >= cls.queue_limit;
    if (full && (cls.queue.empty() || cls.queue.worst().key_ < place.key_)) {
        Decision refusal = state.queue_is_full(cls, Reason::queue_full);
        refusal.observed += 1;  // itself, which is not queued
        state.note_overload(cls, refusal.reason, now);
        return refusal;
    }
    return std::nullopt;
}

void Judge::arrive(Place& place, const Ask& ask, TimePoint now, Changes& changes) {
    assert(place.standing_ == Standing::idle || place.standing_ == Standing::ended);
    State& state = *state_;
    now = state.catch_up(now, changes);
    State::Class& cls = state.class_of(ask.cls);
    state.begin(place, ask, cls, now);
    ++state.next_arrival;
    state.decide(place, cls, now, changes);
}

void Judge::finish(Place& place, TimePoint now, Changes& changes, const std::optional<Tokens>& spent) {
    assert(place.standing_ == Standing::running);
    State& state = *state_;
    State::Class& cls = state.class_of(place.ask_.cls);
    if (place.ask_.bypasses_queue) {
        --state.bypassing;
        return state.end(place, cls);
    }
    const Tokens observed{place.ask_.prompt_tokens, place.load_.streamed, place.ask_.video_seconds};
    cls.limits.settle(place.client_slot_, place.reservation_, spent.value_or(observed), std::max(now, state.now_));
    if (spent && place.load_.ending == Ending::success && !place.elsewhere_)
        state.learn_answer(place, cls, spent->output);
    state.give_back(place, cls, std::max(now, state.now_));
    state.end(place, cls);
    state.catch_up(now, changes);
}

void Judge::first_token(Place& place, TimePoint now, Changes& changes) {
    assert(place.standing_ == Standing::running);
    State& state = *state_;
    if (place.ask_.bypasses_queue) return;
    state.spend(place, {place.ask_.prompt_tokens, 0, 0}, now);
    if (!state.gate.answered(place.decision_.endpoint, place.load_, std::max(now, state.now_))) return;
    state.catch_up(now, changes);
}

void Judge::streamed(Place& place, std::uint32_t tokens, TimePoint now) {
    assert(place.standing_ == Standing::running);
    if (place.ask_.bypasses_queue) return;
    state_->gate.streamed(place.decision_.endpoint, place.load_, tokens);
    state_->spend(place, {place.ask_.prompt_tokens, place.load_.streamed, 0}, now);
}

void Judge::hand_over(Place& from, Place& to, TimePoint now, Changes& changes) {
    assert(from.standing_ == Standing::running && to.standing_ != Standing::running && !from.ask_.bypasses_queue);
    // Its prompt counts as done from here on: links into the gate's lists cannot be moved.
    first_token(from, now, changes);
    State& state = *state_;
    State::Class& cls = state.class_of(from.ask_.cls);
    if (from.in_running_.is_linked()) cls.running.erase(from);
    to.ask_ = from.ask_;
    to.key_ = from.key_;
    to.arrived_ = from.arrived_;
    to.decision_ = from.decision_;
    to.load_ = from.load_;
    to.reservation_ = from.reservation_;
    to.client_slot_ = from.client_slot_;
    to.past_gate_ = from.past_gate_;
    to.standing_ = Standing::running;
    from.client_slot_ = kNoClientSlot;
    from.past_gate_ = false;
    from.standing_ = Standing::ended;
}

Allowance Judge::allowance(const Ask& ask, TimePoint now) const {
    return state_->class_of(ask.cls).limits.allowance(ask.client, std::max(now, state_->now_));
}

void Judge::move(Place& place, EndpointId endpoint, TimePoint now, Changes& changes) {
    assert(place.standing_ == Standing::running);
    State& state = *state_;
    if (place.decision_.endpoint == endpoint) return;
    const TimePoint at = std::max(now, state.now_);
    if (!state.gate.move(place.decision_.endpoint, endpoint, place.load_, at)) return;
    state.gate.note_conversation(endpoint, place.ask_.affinity, place.ask_.prompt_tokens);
    place.decision_.endpoint = endpoint;
    state.catch_up(now, changes);
}

void Judge::leave(Place& place, TimePoint now, Changes& changes) {
    assert(place.standing_ == Standing::waiting);
    State& state = *state_;
    State::Class& cls = state.class_of(place.ask_.cls);
    Decision left;
    left.verdict = Verdict::refuse;
    left.reason = Reason::client_gone;
    state.refuse(place, cls, left);
    state.catch_up(now, changes);
}

bool Judge::requeue(Place& place, TimePoint now, Changes& changes, bool unreachable) {
    assert(place.standing_ == Standing::running);
    State& state = *state_;
    State::Class& cls = state.class_of(place.ask_.cls);
    now = state.catch_up(now, changes);
    if (place.ask_.bypasses_queue) {
        --state.bypassing;
        state.refuse(place, cls, state.overload(cls, Reason::no_endpoint, Gate::endpoints, 1, 0));
        return false;
    }
    place.lost_ = place.decision_.endpoint;
    place.unreachable_ = unreachable;
    state.give_back(place, cls, now);
    place.standing_ = Standing::idle;
    state.seat_again(place, cls, now, changes);
    state.pump(now, changes, &place);
    return place.standing_ != Standing::ended;
}

void Judge::depart(Place& place, TimePoint now, Changes& changes) {
    assert(place.standing_ == Standing::running && !place.ask_.bypasses_queue);
    State& state = *state_;
    state.give_back(place, state.class_of(place.ask_.cls), std::max(now, state.now_));
    place.elsewhere_ = true;
    place.decision_.endpoint = kNoEndpoint;
    state.catch_up(now, changes);
}

void Judge::arrive_elsewhere(Place& place, const Ask& ask, TimePoint now, Changes& changes) {
    assert(place.standing_ == Standing::idle || place.standing_ == Standing::ended);
    State& state = *state_;
    now = state.catch_up(now, changes);
    State::Class& cls = state.class_of(ask.cls);
    state.begin(place, ask, cls, now);
    const ClassLimits::Finding over = cls.limits.check(ask.client, now, State::estimate_of(ask));
    if (over.live && !state.in_shadow(cls)) return state.refuse(place, cls, State::over_limit(*over.live));
    place.client_slot_ = cls.limits.enter(ask.client, now);
    place.decision_.verdict = Verdict::admit;
    place.standing_ = Standing::running;
    place.elsewhere_ = true;
    cls.limits.charge(place.client_slot_, now, State::estimate_of(ask), place.reservation_);
}

std::uint32_t Judge::inflight(ClassId cls) const { return state_->class_of(cls).inflight; }

bool Judge::refused_by_quota(Place& place, const QuotaReport& report, TimePoint now, Changes& changes) {
    assert(place.standing_ == Standing::running);
    State& state = *state_;
    State::Class& cls = state.class_of(place.ask_.cls);
    if (place.ask_.bypasses_queue || !state.gate.learns_quota(place.decision_.endpoint)) return false;
    now = std::max(now, state.now_);
    state.gate.report_refusal(place.decision_.endpoint, place.load_, report, place.over_quota_, now);
    if (state.in_shadow(cls) || place.evicted_ || place.over_quota_.alone > law::kRefusedAlone) return false;
    state.give_back(place, cls, now);
    place.standing_ = Standing::idle;
    // It is seated before others are served: it was sent before them.
    now = state.expire_old(now, changes);
    state.seat_again(place, cls, now, changes);
    state.catch_up(now, changes);
    return true;
}

void Judge::quota_report(Place& place, const QuotaReport& report, TimePoint now, Changes& changes) {
    assert(place.standing_ == Standing::running);
    State& state = *state_;
    if (place.ask_.bypasses_queue || !state.gate.learns_quota(place.decision_.endpoint)) return;
    state.gate.report_quota(place.decision_.endpoint, place.load_, report, std::max(now, state.now_));
    state.catch_up(now, changes);
}

void Judge::expire(TimePoint now, Changes& changes) { state_->catch_up(now, changes); }

std::optional<TimePoint> Judge::next_expiry() const {
    const auto timeout = next_timeout();
    const auto paced = next_paced();
    return timeout && paced ? std::min(*timeout, paced->at) : timeout;
}

std::optional<Judge::Paced> Judge::next_paced() const {
    State& state = *state_;
    if (state.expiry.empty()) return std::nullopt;
    const auto at = state.gate.next_paced(state.now_);
    return at ? std::optional(Paced{&state.first_waiting()->queue.best(), *at}) : std::nullopt;
}

std::optional<TimePoint> Judge::next_timeout() const {
    const State& state = *state_;
    if (state.expiry.empty()) return std::nullopt;
    TimePoint next = state.expiry.first_expiry();
    for (const auto other :
         {state.headroom.next_lapse(state.now_), state.gate.next_old_prompt(), state.next_eviction()}) {
        if (other && *other > state.now_) next = std::min(next, *other);
    }
    return next;
}

void Judge::set_context(EndpointId endpoint, std::uint64_t tokens, TimePoint now, Changes& changes) {
    state_->gate.set_context(endpoint, tokens, std::max(now, state_->now_));
    state_->catch_up(now, changes);
}

LimitsShown Judge::set_gauges(EndpointId endpoint, const EngineGauges& gauges, TimePoint now, Changes& changes) {
    const LimitsShown shown = state_->gate.set_gauges(endpoint, gauges, std::max(now, state_->now_));
    state_->catch_up(now, changes);
    return shown;
}

void Judge::set_available(EndpointId endpoint, bool available, TimePoint now, Changes& changes) {
    set_intake(endpoint, {.open = available}, now, changes);
}

void Judge::set_intake(EndpointId endpoint, const Intake& intake, TimePoint now, Changes& changes) {
    state_->gate.set_intake(endpoint, intake);
    if (!state_->gate.any_available()) state_->refuse_when_down(changes);
    state_->catch_up(now, changes);
}

void Judge::reconfigure(const JudgeConfig& config, TimePoint now, Changes& changes) {
    State& state = *state_;
    now = state.catch_up(now, changes);
    state.gate.reconfigure(config, now);
    state.adopt(config, now);
    state.pump(now, changes);
    for (const auto& cls : state.classes) state.shed(*cls, changes);
    state.pump(now, changes);
}

JudgeCounts Judge::counts(TimePoint now) const {
    const State& state = *state_;
    now = std::max(now, state.now_);
    JudgeCounts counts;
    for (const auto& cls : state.classes) {
        const auto waiting = static_cast<std::uint32_t>(cls->queue.size());
        counts.client_evictions += cls->limits.clients().evictions();
        if (!cls->configured && cls->inflight == 0 && waiting == 0) continue;
        counts.classes.push_back({cls->id, cls->inflight, waiting, cls->queue_limit, state.headroom_of(*cls, now),
                                  cls->limits.fill(now), cls->limits.clients().size()});
    }
    counts.pressure = state.pressure();
    for (const auto& e : state.gate.endpoints()) {
        counts.endpoints.push_back({e->id,
                                    e->inflight,
                                    e->limit,
                                    e->context,
                                    e->context_limit,
                                    e->prompts,
                                    e->prompt_limit,
                                    e->available,
                                    e->trial,
                                    e->share,
                                    e->limits_shown(),
                                    {}});
        if (e->quota) counts.endpoints.back().quota = {e->quota->rate().value_or(0), e->quota->refusals()};
    }
    return counts;
}

double Judge::pressure(TimePoint now) {
    State& state = *state_;
    return state.pressure_window.observe(state.pressure(), std::max(now, state.now_));
}

}  // namespace weir::admission
