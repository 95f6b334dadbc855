#include <algorithm>

#include "admission/judge_state.hpp"

// Whose turn it is.
namespace weir::admission {

Key Judge::State::key_of(const Ask& ask, const Class& cls, TimePoint now) const {
    const Client client = cls.limits.clients().look(ask.client);
    const double share = law::kClientShare * std::max(law::kMinInflight, cls.inflight);
    Key key;
    key.over = parts.has(Part::over) && client.present + 1 > share;
    key.retry = parts.has(Part::retry) && ask.retry;
    key.arrival = next_arrival;
    if (cls.config.shed == Shed::evenly) {
        // Start-time fair queueing (P. Goyal, H. Vin, H. Cheng, 1996), every request of the same cost.
        key.turn = std::max(cls.fair_time, client.finish_tag);
    } else if (parts.has(Part::cohort) && !is_calm(cls, now)) {
        key.turn = ask.cohort;
    }
    return key;
}

bool Judge::State::is_calm(const Class& cls, TimePoint now) const {
    if (!parts.has(Part::calm) || headroom.of(cls.config.priority, now) > 0) return false;
    return !cls.overloaded || *cls.overloaded + law::kCalmAfter <= now;
}

bool Judge::State::before(const Class& a, const Class& b) const {
    if (a.config.priority != b.config.priority) return a.config.priority < b.config.priority;
    // n(a)/weight(a) < n(b)/weight(b), without dividing.
    return std::uint64_t{a.inflight} * b.config.weight < std::uint64_t{b.inflight} * a.config.weight;
}

Judge::State::Class* Judge::State::first_waiting() const {
    if (expiry.empty()) return nullptr;
    Class* first = nullptr;
    for (const auto& cls : classes) {
        if (!cls->queue.empty() && (first == nullptr || before(*cls, *first))) first = cls.get();
    }
    return first;
}

bool Judge::State::is_below_guarantee(const Class& cls) const {
    return cls.config.guarantee > 0 && parts.has(Part::guarantee) &&
           cls.inflight < cls.config.guarantee * gate.inflight();
}

double Judge::State::headroom_of(const Class& cls, TimePoint now) const {
    return parts.has(Part::headroom) ? headroom.of(cls.config.priority, now) : 0;
}

Need Judge::State::need_of(const Place& place, const Class& cls, TimePoint now) const {
    Need need = free_need(place, now);
    need.headroom = headroom_of(cls, now);
    if (need.headroom == 0) return need;
    need.answer_tokens = cls.answer.tokens(place.ask_.output_tokens);
    double better = 0;
    for (const auto& other : classes) {
        if (other->config.priority < cls.config.priority) better += other->inflight;
    }
    const double part = better / std::max(gate.inflight(), 1U);
    need.prompt_share = law::kPromptShare - part * (law::kPromptShare - law::kMinPromptShare);
    return need;
}

Judge::State::Turn Judge::State::next_turn(TimePoint now) {
    Class* first = first_waiting();
    if (first == nullptr) return {};
    // A class below its guarantee goes first, with no headroom kept: the one that is furthest behind among those whose
    // head fits.
    Turn below_guarantee;
    for (const auto& cls : classes) {
        if (cls->queue.empty() || !is_below_guarantee(*cls)) continue;
        const auto part = [](const Class& c) { return c.inflight / c.config.guarantee; };
        if (below_guarantee.cls != nullptr && part(*below_guarantee.cls) <= part(*cls)) continue;
        const Place& head = cls->queue.best();
        if (Endpoint* endpoint = gate.choose(free_need(head, now), head.lost_)) below_guarantee = {cls.get(), endpoint};
    }
    if (below_guarantee.cls != nullptr) return below_guarantee;
    const Place& head = first->queue.best();
    return {first, gate.choose(need_of(head, *first, now), head.lost_)};
}

bool Judge::State::pass_empty_queue(Place& place, Class& cls, TimePoint now) {
    // What next_turn() would find if this place were the only one waiting.
    Endpoint* endpoint = is_below_guarantee(cls) ? gate.choose(free_need(place, now), place.lost_) : nullptr;
    if (endpoint == nullptr) endpoint = gate.choose(need_of(place, cls, now), place.lost_);
    if (endpoint == nullptr) return false;
    dispatch(place, cls, *endpoint, now);
    gate.note_unblocked(now);
    return true;
}

bool Judge::State::runs_at_once(const Place& place, Class& cls, TimePoint now) {
    if (!cls.queue.empty() && cls.queue.best().key_ < place.key_) return false;
    if (is_below_guarantee(cls) && gate.choose(free_need(place, now), place.lost_) != nullptr) return true;
    for (const auto& other : classes) {
        if (other.get() == &cls) break;  // classes after it in the policy yield on a tie
        if (!other->queue.empty() && !before(cls, *other)) return false;
    }
    if (const Class* first = first_waiting(); first != nullptr && before(*first, cls)) return false;
    return gate.choose(need_of(place, cls, now), place.lost_) != nullptr;
}

Judge::State::Class* Judge::State::victim_for(const Class& claimant) const {
    Class* victim = nullptr;
    for (const auto& cls : classes) {
        const bool can_lose = cls->config.preemptible && cls->inflight > 0 && !in_shadow(*cls) &&
                              cls->inflight - 1 >= cls->config.guarantee * gate.inflight();
        if (!can_lose || cls->config.priority <= claimant.config.priority) continue;
        if (victim == nullptr || victim->config.priority < cls->config.priority) victim = cls.get();
    }
    return victim;
}

std::optional<TimePoint> Judge::State::next_eviction() const {
    Class* first = evicting > 0 ? nullptr : first_waiting();
    if (first == nullptr || victim_for(*first) == nullptr) return std::nullopt;
    const Place& head = first->queue.best();
    if (head.expires_ == TimePoint::max()) return std::nullopt;
    return head.arrived_ + from_seconds(law::kEvictAfter * seconds(head.expires_ - head.arrived_));
}

}  // namespace weir::admission
