#include "admission/judge_state.hpp"

#include <algorithm>
#include <cassert>
#include <iterator>

namespace weir::admission {

void Judge::State::begin(Place& place, const Ask& ask, const Class& cls, TimePoint now) const {
    place.ask_ = ask;
    place.key_ = {ask.retry, next_arrival};
    place.arrived_ = now;
    place.expires_ = now + cls.patience;
    if (ask.deadline) place.expires_ = std::min(place.expires_, *ask.deadline);
    place.decision_ = {};
    place.lost_ = kNoEndpoint;
    place.client_slot_ = kNoClientSlot;
    place.standing_ = Standing::idle;
}

void Judge::State::enter_line(Place& place, Class& cls) {
    cls.line.insert(place);
    expiry.insert(place);
    place.decision_.verdict = Verdict::queue;
    place.standing_ = Standing::waiting;
}

void Judge::State::leave_line(Place& place, Class& cls) {
    cls.line.erase(place);
    expiry.erase(place);
}

void Judge::State::dispatch(Place& place, Class& cls, Endpoint& endpoint) {
    gate.take(endpoint);
    ++cls.inflight;
    place.decision_.verdict = Verdict::admit;
    place.decision_.endpoint = endpoint.id;
    place.decision_.retry_after = {};
    place.standing_ = Standing::running;
}

void Judge::State::refuse(Place& place, Class& cls, const Decision& why) {
    if (place.standing_ == Standing::waiting) leave_line(place, cls);
    place.decision_ = why;
    end(place, cls);
}

void Judge::State::end(Place& place, Class& cls) {
    if (place.client_slot_ != kNoClientSlot) cls.contract.leave(place.client_slot_);
    place.client_slot_ = kNoClientSlot;
    if (place.past_gate_) --cls.past_gate;
    place.past_gate_ = false;
    place.standing_ = Standing::ended;
}

bool Judge::State::run_in_shadow(Place& place, Class& cls, TimePoint now) {
    Endpoint* endpoint = gate.least_loaded(place.lost_);
    if (endpoint == nullptr) return false;
    // A shadow class has no line to look at. Those who run although the gate was shut stand for the line that would
    // have formed: as many as fit into it would have waited, the others would have found it full.
    if (!place.decision_.shadow && !goes_at_once(place, cls, now)) {
        if (place.expires_ <= now) {
            place.decision_ = out_of_time(place, cls, now);
        } else if (cls.past_gate >= cls.line_limit) {
            place.decision_ = overload(cls, Reason::line_full, Gate::line, cls.line_limit, cls.past_gate + 1.0);
        } else {
            place.past_gate_ = true;
            ++cls.past_gate;
            place.decision_.reason = Reason::admitted_after_wait;
            place.decision_.gate = Gate::line;
        }
        place.decision_.shadow = true;
    }
    dispatch(place, cls, *endpoint);
    return true;
}

Decision Judge::State::over_contract(const Class& cls, const Excess& excess) const {
    Decision decision;
    decision.verdict = Verdict::refuse;
    decision.reason = excess.reason;
    decision.gate = excess.gate;
    decision.limit = excess.limit;
    decision.observed = excess.observed;
    decision.retry_after = std::min(excess.wait, cls.config.refusal.retry_after_max);
    return decision;
}

Decision Judge::State::overload(const Class& cls, Reason reason, Gate by, double limit, double observed) const {
    Decision decision;
    decision.verdict = Verdict::refuse;
    decision.reason = reason;
    decision.gate = by;
    decision.limit = limit;
    decision.observed = observed;
    decision.retry_after = std::min(cls.config.refusal.retry_after, cls.config.refusal.retry_after_max);
    return decision;
}

Decision Judge::State::line_is_full(const Class& cls, Reason reason) const {
    return overload(cls, reason, Gate::line, cls.line_limit, static_cast<double>(cls.line.size()));
}

Decision Judge::State::out_of_time(const Place& place, const Class& cls, TimePoint now) const {
    if (!gate.any_available()) return overload(cls, Reason::no_endpoint, Gate::endpoints, 1, 0);
    const bool deadline = place.ask_.deadline && *place.ask_.deadline <= place.expires_;
    return overload(cls, deadline ? Reason::deadline_expired : Reason::patience_expired,
                    deadline ? Gate::deadline : Gate::patience, seconds(place.expires_ - place.arrived_),
                    seconds(now - place.arrived_));
}

bool Judge::State::before(const Class& a, const Class& b) const {
    if (a.config.priority != b.config.priority) return a.config.priority < b.config.priority;
    return a.inflight < b.inflight;
}

Judge::State::Class* Judge::State::first_waiting() const {
    if (expiry.empty()) return nullptr;
    Class* first = nullptr;
    for (const auto& cls : classes) {
        if (!cls->line.empty() && (first == nullptr || before(*cls, *first))) first = cls.get();
    }
    return first;
}

Endpoint* Judge::State::choose_for(const Place& place, const Class& cls, TimePoint now) {
    return gate.choose(room.of(cls.config.priority, now), place.lost_);
}

bool Judge::State::head_fits(TimePoint now) {
    Class* first = first_waiting();
    return first != nullptr && choose_for(first->line.best(), *first, now) != nullptr;
}

bool Judge::State::goes_at_once(const Place& place, Class& cls, TimePoint now) {
    if (!cls.line.empty() && cls.line.best().key_ < place.key_) return false;
    for (const auto& other : classes) {
        if (other.get() == &cls) break;  // those behind it in the policy give way on a tie
        if (!other->line.empty() && !before(cls, *other)) return false;
    }
    if (const Class* first = first_waiting(); first != nullptr && before(*first, cls)) return false;
    return choose_for(place, cls, now) != nullptr;
}

Judge::State::Class& Judge::State::class_of(ClassId id) const {
    assert(index(id) < by_id.size() && by_id[index(id)] != nullptr);
    return *by_id[index(id)];
}

bool Judge::State::in_shadow(const Class& cls) const { return mode == Mode::shadow || cls.config.mode == Mode::shadow; }

void Judge::State::adopt(const JudgeConfig& config, TimePoint now) {
    mode = config.mode;
    std::uint32_t requests = 0;
    for (const JudgeEndpoint& endpoint : config.endpoints) requests += endpoint.requests;
    for (const auto& cls : classes) cls->configured = false;
    std::vector<std::unique_ptr<Class>> order;
    for (const JudgeClass& wanted : config.classes) {
        if (index(wanted.id) >= by_id.size()) by_id.resize(index(wanted.id) + 1);
        Class*& known = by_id[index(wanted.id)];
        if (known == nullptr) {
            order.push_back(std::make_unique<Class>(wanted, config.client_table, now));
            known = order.back().get();
        } else {
            const auto old =
                std::find_if(classes.begin(), classes.end(), [&](const auto& c) { return c.get() == known; });
            order.push_back(std::move(*old));
            classes.erase(old);
            known->config = wanted.config;
            known->contract.reconfigure(wanted.config, now);
            known->configured = true;
        }
        known->line_limit = effective_line(wanted.config, requests);
        known->patience = effective_patience(wanted.config);
    }
    // The gone keep their old standing, and stay for requests that were classified before the reload.
    std::move(classes.begin(), classes.end(), std::back_inserter(order));
    classes = std::move(order);
}

}  // namespace weir::admission
