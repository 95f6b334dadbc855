#include "admission/judge_state.hpp"

#include <algorithm>
#include <cassert>
#include <iterator>
#include <limits>

namespace weir::admission {

void Judge::State::begin(Place& place, const Ask& ask, const Class& cls, TimePoint now) const {
    place.ask_ = ask;
    place.key_ = key_of(ask, cls, now);
    place.arrived_ = ask.since.value_or(now);
    place.expires_ = cls.queue_timeout == Duration::max() ? TimePoint::max() : place.arrived_ + cls.queue_timeout;
    if (ask.deadline) place.expires_ = std::min(place.expires_, *ask.deadline);
    if (!ask.can_wait) place.expires_ = now;
    place.decision_ = {};
    place.lost_ = kNoEndpoint;
    place.client_slot_ = kNoClientSlot;
    place.reservation_ = {};
    place.over_quota_ = {};
    place.evicted_ = false;
    place.elsewhere_ = false;
    place.unreachable_ = false;
    place.standing_ = Standing::idle;
}

void Judge::State::enter_queue(Place& place, Class& cls) {
    cls.queue.insert(place);
    expiry.insert(place);
    place.decision_.verdict = Verdict::queue;
    place.standing_ = Standing::waiting;
}

void Judge::State::leave_queue(Place& place, Class& cls) {
    cls.queue.erase(place);
    expiry.erase(place);
}

void Judge::State::dispatch(Place& place, Class& cls, Endpoint& endpoint, TimePoint now) {
    const std::uint32_t usual = cls.answer.tokens(place.ask_.output_tokens);
    gate.take(endpoint, place.load_, {place.ask_.prompt_tokens, usual, place.ask_.streams, headroom_of(cls, now) == 0},
              now);
    gate.note_conversation(endpoint.id, place.ask_.affinity, place.ask_.prompt_tokens);
    ++cls.inflight;
    if (cls.config.shed == Shed::evenly) cls.fair_time = std::max(cls.fair_time, place.key_.turn);
    if (cls.config.preemptible && place.ask_.can_be_cut) cls.running.insert(place);
    place.decision_.verdict = Verdict::admit;
    place.decision_.endpoint = endpoint.id;
    place.decision_.retry_after = {};
    place.standing_ = Standing::running;
}

void Judge::State::give_back(Place& place, Class& cls, TimePoint now) {
    if (place.elsewhere_) return;
    gate.give_back(place.decision_.endpoint, place.load_, now);
    --cls.inflight;
    if (place.in_running_.is_linked()) cls.running.erase(place);
    if (place.evicted_) --evicting;
    place.evicted_ = false;
}

void Judge::State::refuse(Place& place, Class& cls, const Decision& why) {
    if (place.standing_ == Standing::waiting) leave_queue(place, cls);
    // A rejected request must not advance its client's fair-share tag. Shedding starts at the back, so this is the
    // client's last request; where it is not, the client's next request is one turn too far forward, once.
    if (place.client_slot_ != kNoClientSlot && cls.config.shed == Shed::evenly) {
        std::uint64_t& tag = cls.limits.client(place.client_slot_).finish_tag;
        tag -= std::min(tag, kTurn);
    }
    note_overload(cls, why.reason, now_);
    place.decision_ = why;
    end(place, cls);
}

void Judge::State::learn_answer(Place& place, Class& cls, std::uint32_t tokens) {
    cls.answer.learn(tokens);
    gate.streamed(place.decision_.endpoint, place.load_, tokens);
}

void Judge::State::note_overload(Class& cls, Reason reason, TimePoint now) {
    // A deadline is the client's own: it must not be able to give the others cohorts.
    const bool overload =
        reason == Reason::queue_full || reason == Reason::displaced || reason == Reason::queue_timeout;
    if (overload) cls.overloaded = now;
}

void Judge::State::refuse_when_down(Changes& changes) {
    for (const auto& cls : classes) {
        std::vector<Place*> failing;
        cls->queue.for_each([&](Place& place) {
            if (place.ask_.fails_when_down) failing.push_back(&place);
        });
        for (Place* place : failing) {
            refuse(*place, *cls, overload(*cls, Reason::no_endpoint, Gate::endpoints, 1, 0));
            changes.push_back(place);
        }
    }
}

void Judge::State::end(Place& place, Class& cls) {
    if (place.client_slot_ != kNoClientSlot) {
        // A request that ran has settled already; one that did not has spent nothing.
        cls.limits.settle(place.client_slot_, place.reservation_, place.reservation_.spent, now_);
        cls.limits.leave(place.client_slot_);
    }
    place.client_slot_ = kNoClientSlot;
    if (place.past_gate_) --cls.past_gate;
    place.past_gate_ = false;
    place.standing_ = Standing::ended;
}

void Judge::State::spend(Place& place, const Tokens& spent, TimePoint now) {
    const Tokens& before = place.reservation_.spent;
    if (spent.input < before.input || spent.output < before.output) return;
    Class& cls = class_of(place.ask_.cls);
    cls.limits.spend(place.client_slot_, place.reservation_, spent, std::max(now, now_));
}

bool Judge::State::run_in_shadow(Place& place, Class& cls, TimePoint now) {
    Endpoint* endpoint = gate.least_loaded(place.lost_, place.ask_.affinity, place.ask_.prompt_tokens);
    if (endpoint == nullptr) return false;
    // A shadow class has no queue. The requests that run although the gate was shut stand in for the queue that would
    // have formed: as many as fit into it would have waited, the others would have found it full.
    if (!place.decision_.shadow && !runs_at_once(place, cls, now)) {
        if (place.expires_ <= now) {
            place.decision_ = out_of_time(place, cls, now);
        } else if (cls.past_gate >= cls.queue_limit) {
            place.decision_ = overload(cls, Reason::queue_full, Gate::queue, cls.queue_limit, cls.past_gate + 1.0);
        } else {
            place.past_gate_ = true;
            ++cls.past_gate;
            place.decision_.reason = Reason::admitted_after_wait;
            place.decision_.gate = Gate::queue;
        }
        place.decision_.shadow = true;
    }
    dispatch(place, cls, *endpoint, now);
    return true;
}

Decision Judge::State::over_limit(const Excess& excess) {
    Decision decision;
    decision.verdict = Verdict::refuse;
    decision.reason = excess.reason;
    decision.gate = excess.gate;
    decision.limit = excess.limit;
    decision.observed = excess.observed;
    decision.retry_after = excess.wait;
    return decision;
}

Decision Judge::State::overload(const Class& cls, Reason reason, Gate by, double limit, double observed) const {
    Decision decision;
    decision.verdict = Verdict::refuse;
    decision.reason = reason;
    decision.gate = by;
    decision.limit = limit;
    decision.observed = observed;
    decision.retry_after = cls.config.refusal.retry_after;
    return decision;
}

Decision Judge::State::queue_is_full(const Class& cls, Reason reason) const {
    return overload(cls, reason, Gate::queue, cls.queue_limit, static_cast<double>(cls.queue.size()));
}

Decision Judge::State::out_of_time(const Place& place, const Class& cls, TimePoint now) const {
    if (!gate.any_available()) return overload(cls, Reason::no_endpoint, Gate::endpoints, 1, 0);
    const bool deadline = place.ask_.deadline && *place.ask_.deadline <= place.expires_;
    return overload(cls, deadline ? Reason::deadline_expired : Reason::queue_timeout,
                    deadline ? Gate::deadline : Gate::queue_timeout, seconds(place.expires_ - place.arrived_),
                    seconds(now - place.arrived_));
}

double Judge::State::pressure() const {
    double fullest = 0;
    if (!expiry.empty()) {
        for (const auto& cls : classes) {
            fullest = std::max(fullest, static_cast<double>(cls->queue.size()) / std::max(cls->queue_limit, 1U));
        }
        return 1 + fullest;
    }
    for (const auto& endpoint : gate.endpoints()) {
        if (endpoint->available) fullest = std::max(fullest, endpoint->fill());
    }
    // With no available endpoint, the backend is full.
    return gate.any_available() ? fullest : 1;
}

Judge::State::Class& Judge::State::class_of(ClassId id) const {
    assert(index(id) < by_id.size() && by_id[index(id)] != nullptr);
    return *by_id[index(id)];
}

bool Judge::State::in_shadow(const Class& cls) const { return mode == Mode::shadow || cls.config.mode == Mode::shadow; }

void Judge::State::adopt(const JudgeConfig& config, TimePoint now) {
    mode = config.mode;
    parts = config.parts;
    std::uint32_t requests = 0;
    for (const JudgeEndpoint& endpoint : config.endpoints) requests += initial_slots(endpoint);
    for (const auto& cls : classes) cls->configured = false;
    std::vector<std::unique_ptr<Class>> order;
    for (const JudgeClass& wanted : config.classes) {
        if (index(wanted.id) >= by_id.size()) by_id.resize(index(wanted.id) + 1);
        Class*& known = by_id[index(wanted.id)];
        // The number has been reused for another name: no request of the old class is left.
        if (known != nullptr && known->config.name != wanted.config.name) {
            assert(known->inflight == 0 && known->queue.empty());
            std::erase_if(classes, [&](const auto& c) { return c.get() == known; });
            known = nullptr;
        }
        if (known == nullptr) {
            order.push_back(std::make_unique<Class>(wanted, config.client_table, now));
            known = order.back().get();
        } else {
            const auto old =
                std::find_if(classes.begin(), classes.end(), [&](const auto& c) { return c.get() == known; });
            order.push_back(std::move(*old));
            classes.erase(old);
            known->config = wanted.config;
            known->limits.reconfigure(wanted.config, now);
            known->configured = true;
        }
        known->queue_limit = parts.has(Part::bound) ? effective_queue(wanted.config, requests)
                                                    : std::numeric_limits<std::uint32_t>::max();
        known->queue_timeout =
            parts.has(Part::queue_timeout) ? effective_queue_timeout(wanted.config) : Duration::max();
    }
    // Removed classes keep their old standing, and stay for requests that were classified before the reload.
    std::move(classes.begin(), classes.end(), std::back_inserter(order));
    classes = std::move(order);
}

}  // namespace weir::admission
