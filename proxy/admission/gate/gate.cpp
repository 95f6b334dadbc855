#include "admission/gate/gate.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>

namespace weir::admission {
namespace {

// 0.9 is not exact in binary; a whole number must not be missed by its last bit.
constexpr double kRounding = 1e-9;

}  // namespace

EndpointGate::EndpointGate(const JudgeConfig& config, TimePoint now) { reconfigure(config, now); }

std::uint32_t EndpointGate::usable(std::uint32_t limit, double headroom) {
    return std::max(1U, static_cast<std::uint32_t>(std::floor(limit * (1 - headroom) + kRounding)));
}

double EndpointGate::pipe_headroom(const Endpoint& endpoint, const Need& need) const {
    if (need.headroom == 0 || !parts_.has(Part::pipe)) return 0;
    const double pipe = endpoint.mean_prompts.of(need.now) / (law::kPromptShare * std::max(endpoint.prompt_limit, 1U));
    return pipe_headroom_ * std::min(pipe, 1.0);
}

bool EndpointGate::has_slot(const Endpoint& endpoint, const Need& need) const {
    if (endpoint.quota) return endpoint.quota->may_send(endpoint.inflight, need.now);
    const std::uint32_t limit = endpoint.shared_limit();
    const std::uint32_t slots = need.headroom > 0 ? endpoint.backoff.of(limit) : limit;
    return endpoint.inflight == 0 || endpoint.inflight < usable(slots, need.headroom + pipe_headroom(endpoint, need));
}

bool EndpointGate::is_another_available(const Endpoint& than) const {
    return std::any_of(endpoints_.begin(), endpoints_.end(),
                       [&](const auto& other) { return other.get() != &than && other->available; });
}

bool EndpointGate::fits(const Endpoint& endpoint, const Need& need) const {
    if (endpoint.id == need.unreachable && need.unreachable != kNoEndpoint && is_another_available(endpoint))
        return false;
    return !endpoint.is_tried() && has_slot(endpoint, need) && (endpoint.inflight == 0 || has_tokens(endpoint, need));
}

bool EndpointGate::has_tokens(const Endpoint& endpoint, const Need& need) const {
    const double limit = law::kContextShare * static_cast<double>(endpoint.context_limit) * (1 - need.headroom);
    // A better class finds room for its prompt; what a worse one lets in must leave room for what all of it becomes.
    const bool grows = need.headroom > 0 && parts_.has(Part::growth);
    const double ahead = grows ? law::kGrowth * static_cast<double>(endpoint.to_come + need.answer_tokens) : 0;
    const bool context = !parts_.has(Part::context) || endpoint.context_limit == 0 ||
                         static_cast<double>(endpoint.context + need.prompt_tokens) + ahead <= limit + kRounding;
    const double prompts = endpoint.prompt_limit * need.prompt_share * (1 - pipe_headroom(endpoint, need));
    return context && (!parts_.has(Part::prompt) || endpoint.prompts == 0 ||
                       static_cast<double>(endpoint.prompts + need.prompt_tokens) <= prompts + kRounding);
}

double EndpointGate::rank(const Endpoint& endpoint) const {
    switch (balance_) {
        case Balance::most_room:
        case Balance::prefix_affinity: return endpoint.weighted_fill();
        case Balance::least_requests:
            return (endpoint.inflight + endpoint.failed.requests()) / (std::max(endpoint.limit, 1U) * endpoint.share);
        case Balance::round_robin: break;
    }
    return endpoint.turns_due >= 1 ? 1 : 0;
}

template <typename Fits>
Endpoint* EndpointGate::most_room(Fits fits, EndpointId lost) {
    Endpoint* best = nullptr;
    std::optional<double> best_rank;
    for (std::size_t i = 0; i < endpoints_.size(); ++i) {
        Endpoint& endpoint = *endpoints_[(turn_ + i) % endpoints_.size()];
        if (!endpoint.available || !fits(endpoint)) continue;
        if (best == nullptr || best->id == lost) {
            best = &endpoint;
            continue;
        }
        if (endpoint.id == lost) continue;
        if (!best_rank) best_rank = rank(*best);  // only once there is another to compare it with
        const double own = rank(endpoint);
        if (own >= *best_rank) continue;
        best = &endpoint;
        best_rank = own;
    }
    return best;
}

template <typename Fits>
Endpoint* EndpointGate::nearest(Fits fits, EndpointId lost, std::uint64_t affinity, std::uint32_t prompt_tokens) const {
    const LoadBound bound(endpoints_, conversations_.slack(prompt_tokens));
    const std::uint64_t last = conversations_.endpoint_of(affinity);
    Endpoint* best = nullptr;
    double best_score = 0;
    for (const auto& endpoint : endpoints_) {
        if (!endpoint->available || endpoint->id == lost || !bound.allows(*endpoint) || !fits(*endpoint)) continue;
        if (last != 0 && endpoint->name_hash == last) return endpoint.get();
        const double score = affinity_score(affinity, endpoint->name_hash, endpoint->share);
        if (best != nullptr && score <= best_score) continue;
        best = endpoint.get();
        best_score = score;
    }
    return best;
}

template <typename Fits>
Endpoint* EndpointGate::preferred(Fits fits, EndpointId lost, std::uint64_t affinity, std::uint32_t prompt_tokens) {
    Endpoint* best = nullptr;
    if (balance_ == Balance::prefix_affinity && affinity != 0) best = nearest(fits, lost, affinity, prompt_tokens);
    return best != nullptr ? best : most_room(fits, lost);
}

Endpoint* EndpointGate::choose(const Need& need, EndpointId lost) {
    return preferred([&](const Endpoint& e) { return fits(e, need); }, lost, need.affinity, need.prompt_tokens);
}

Endpoint* EndpointGate::least_loaded(EndpointId lost, std::uint64_t affinity, std::uint32_t prompt_tokens) {
    Endpoint* const best = preferred([](const Endpoint& e) { return !e.is_tried(); }, lost, affinity, prompt_tokens);
    return best != nullptr ? best : most_room([](const Endpoint&) { return true; }, lost);
}

void EndpointGate::take_turn(Endpoint& endpoint) {
    const std::size_t count = endpoints_.size();
    for (std::size_t i = 0; i < count; ++i) {
        Endpoint& next = *endpoints_[(turn_ + i) % count];
        if (next.turns_due >= 1) --next.turns_due;
        if (&next != &endpoint) continue;
        turn_ = (turn_ + i) % count + 1;
        break;
    }
    endpoint.turns_due += 1 / endpoint.share - 1;
}

void EndpointGate::take(Endpoint& endpoint, Load& load, const Task& task, TimePoint now) {
    load.quota_number = endpoint.quota ? endpoint.quota->sent(endpoint.inflight, now) : 0;
    ++inflight_;
    ++endpoint.inflight;
    endpoint.context += task.prompt_tokens;
    endpoint.to_come += task.answer_tokens;
    endpoint.unseen_context += task.streams ? 0 : task.answer_tokens / 2;
    endpoint.prompts += task.prompt_tokens;
    endpoint.mean_prompts.set(static_cast<double>(endpoint.prompts), now);
    load.prompt_tokens = task.prompt_tokens;
    load.expected = task.answer_tokens;
    load.streams = task.streams;
    load.best = task.best;
    load.prompts_ahead = endpoint.prompts;
    load.streamed = 0;
    load.number = endpoint.dispatched++;
    load.since = now;
    load.answered.reset();
    endpoint.refresh_limits(now);
    endpoint.streams += load.streams ? 1 : 0;
    load.pending = task.prompt_tokens > 0;
    load.ending = Ending::ignored;
    load.trial = endpoint.trial;
    endpoint.trials += load.trial ? 1 : 0;
    if (load.pending && !load.streams) begin_unseen(endpoint, load, now);
    take_turn(endpoint);
}

void EndpointGate::begin_unseen(Endpoint& endpoint, Load& load, TimePoint now) const {
    Duration time = law::kUnseenPrompt;
    if (parts_.has(Part::unseen)) {
        const Pace::Costs costs = endpoint.pace.costs();
        time = from_seconds(costs.prompt_token * static_cast<double>(load.prompts_ahead) + costs.answer_token);
    }
    load.unseen_until = now + std::clamp(time, law::kMinUnseenPrompt, law::kUnseenPrompt);
    // Engines take prompts in order: none is done before those that were sent earlier.
    if (!endpoint.unseen.empty()) load.unseen_until = std::max(load.unseen_until, endpoint.unseen.back().unseen_until);
    endpoint.unseen.push_back(load);
}

void EndpointGate::note_conversation(EndpointId id, std::uint64_t affinity, std::uint32_t prompt_tokens) {
    if (balance_ != Balance::prefix_affinity || affinity == 0) return;
    conversations_.note(affinity, find(id)->name_hash, prompt_tokens);
}

void EndpointGate::settle_prompt(Endpoint& endpoint, Load& load, TimePoint now) const {
    if (!load.pending) return;
    load.pending = false;
    endpoint.prompts -= load.prompt_tokens;
    endpoint.mean_prompts.set(static_cast<double>(endpoint.prompts), now);
    if (load.in_unseen.is_linked()) endpoint.unseen.erase(Endpoint::Unseen::s_iterator_to(load));
}

void EndpointGate::settle_unseen_before(Endpoint& endpoint, std::uint64_t number, TimePoint now) const {
    while (!endpoint.unseen.empty() && endpoint.unseen.front().number < number) {
        settle_prompt(endpoint, endpoint.unseen.front(), now);
    }
}

bool EndpointGate::answered(EndpointId id, Load& load, TimePoint now) {
    if (load.answered) return false;
    Endpoint& endpoint = *find(id);
    const std::uint64_t before = endpoint.prompts;
    const std::uint32_t limit = endpoint.limit;
    load.answered = now;
    endpoint.begun += load.streams ? 1 : 0;
    if (load.streams && load.ending != Ending::failure) learn_first_token(endpoint, load, now);
    settle_prompt(endpoint, load, now);
    settle_unseen_before(endpoint, load.number, now);
    if (endpoint.learner && load.ending != Ending::failure) {
        endpoint.learner->first_token(now - load.since, load.prompt_tokens, load.prompts_ahead);
        endpoint.learner->update(endpoint.inflight, now);
    }
    endpoint.refresh_limits(now);
    return endpoint.prompts < before || endpoint.limit > limit;
}

void EndpointGate::streamed(EndpointId id, Load& load, std::uint32_t tokens) {
    if (tokens <= load.streamed) return;
    Endpoint& endpoint = *find(id);
    endpoint.context += tokens - load.streamed;
    endpoint.to_come -= load.to_come();
    load.streamed = tokens;
    endpoint.to_come += load.to_come();
}

void EndpointGate::give_back(EndpointId id, Load& load, TimePoint now) {
    Endpoint* endpoint = find(id);
    assert(endpoint != nullptr && endpoint->inflight > 0);
    settle_prompt(*endpoint, load, now);
    settle_unseen_before(*endpoint, load.number, now);
    --inflight_;
    --endpoint->inflight;
    endpoint->streams -= load.streams ? 1 : 0;
    endpoint->begun -= load.streams && load.answered ? 1 : 0;
    endpoint->trials -= load.trial ? 1 : 0;
    endpoint->context -= std::uint64_t{load.prompt_tokens} + load.streamed;
    endpoint->to_come -= load.to_come();
    endpoint->unseen_context -= load.streams ? 0 : load.expected / 2;
    learn(*endpoint, load, now);
    if (endpoint->learner) {
        if (load.answered && load.ending != Ending::failure) {
            endpoint->learner->finished(now - *load.answered, load.streamed);
        }
        endpoint->learner->update(endpoint->inflight, now);
    }
    endpoint->refresh_limits(now);
    if (endpoint->inflight == 0 && !endpoint->configured) {
        std::erase_if(endpoints_, [endpoint](const auto& known) { return known.get() == endpoint; });
    }
}

void EndpointGate::learn_first_token(Endpoint& endpoint, const Load& load, TimePoint now) const {
    endpoint.pace.learn(load.prompts_ahead, 1, now - load.since);
    if (!load.best || endpoint.quota || !parts_.has(Part::backoff)) return;
    // Of those whose first token cannot be observed, as many wait as of the others.
    const double waiting =
        static_cast<double>(endpoint.inflight) * (endpoint.streams - endpoint.begun) / endpoint.streams;
    endpoint.backoff.first_token({now - load.since, load.prompts_ahead, endpoint.inflight, waiting}, slo_, now);
}

void EndpointGate::learn(Endpoint& endpoint, const Load& load, TimePoint now) {
    const Duration took = now - load.since;
    if (load.ending == Ending::success) {
        good_.learn(took, load.answered ? *load.answered - load.since : took);
        if (load.answered && load.streamed > 1) {
            endpoint.pace.learn(0, load.streamed - 1, now - *load.answered);
        } else if (!load.answered && load.streamed > 0) {
            endpoint.pace.learn(load.prompts_ahead, load.streamed, took);
        }
    }
    if (load.ending != Ending::failure) return;
    endpoint.failed.fade(good_, now);
    endpoint.failed.add(load.prompt_tokens, took, good_, endpoint.limit);
}

void EndpointGate::report_quota(EndpointId id, const Load& load, const QuotaReport& report, TimePoint now) const {
    Endpoint& endpoint = *find(id);
    if (!endpoint.quota || load.quota_number == 0) return;
    if (report.refused) {
        endpoint.quota->refused(load.quota_number, report, now);
    } else if (report.failed) {
        endpoint.quota->disregard(load.quota_number, report, now);
    } else {
        endpoint.quota->answered(load.quota_number, report, now);
    }
    endpoint.refresh_limits(now);
}

void EndpointGate::report_refusal(EndpointId id, const Load& load, const QuotaReport& report, OverQuota& before,
                                  TimePoint now) const {
    const Endpoint& endpoint = *find(id);
    if (!endpoint.quota || load.quota_number == 0) return;
    const bool alone = before.endpoint == id && endpoint.quota->last_answered() > before.sent;
    before = {id, load.quota_number, before.alone + (alone ? 1 : 0)};
    QuotaReport learned = report;
    learned.refused = !alone;
    learned.failed = alone;
    report_quota(id, load, learned, now);
}

bool EndpointGate::learns_quota(EndpointId id) const {
    const Endpoint* endpoint = find(id);
    return endpoint != nullptr && endpoint->quota;
}

std::optional<TimePoint> EndpointGate::next_paced(TimePoint now) const {
    std::optional<TimePoint> next;
    for (const auto& endpoint : endpoints_) {
        if (!endpoint->quota || !endpoint->available) continue;
        const auto paced = endpoint->quota->next_send();
        if (paced && *paced > now && (!next || *paced < *next)) next = paced;
    }
    return next;
}

bool EndpointGate::move(EndpointId from, EndpointId to, Load& load, TimePoint now) {
    Endpoint* endpoint = find(to);
    if (endpoint == nullptr) return false;
    const Task task{load.prompt_tokens, load.expected, load.streams, load.best};
    give_back(from, load, now);
    take(*endpoint, load, task, now);
    return true;
}

void EndpointGate::forget_old(TimePoint now) {
    for (const auto& endpoint : endpoints_) {
        endpoint->failed.fade(good_, now);
        while (!endpoint->unseen.empty() && endpoint->unseen.front().unseen_until <= now) {
            settle_prompt(*endpoint, endpoint->unseen.front(), now);
        }
    }
}

std::optional<TimePoint> EndpointGate::next_old_prompt() const {
    std::optional<TimePoint> next;
    for (const auto& endpoint : endpoints_) {
        if (endpoint->unseen.empty()) continue;
        const TimePoint old = endpoint->unseen.front().unseen_until;
        if (!next || old < *next) next = old;
    }
    return next;
}

void EndpointGate::note_blocked(const Need& need, TimePoint now) {
    blocked_ = true;
    for (const auto& endpoint : endpoints_) {
        if (!endpoint->learner) continue;
        // What its share keeps out says nothing about S.
        const bool whole = endpoint->available && endpoint->share == 1 && !endpoint->trial;
        endpoint->learner->note_refusing(whole && !has_slot(*endpoint, need) && has_tokens(*endpoint, need), now);
    }
}

void EndpointGate::note_unblocked(TimePoint now) {
    if (!blocked_) return;
    blocked_ = false;
    for (const auto& endpoint : endpoints_) {
        if (endpoint->learner) endpoint->learner->note_refusing(false, now);
    }
}

void EndpointGate::set_intake(EndpointId id, const Intake& intake) {
    Endpoint* endpoint = find(id);
    // A health check may report an endpoint that a reload has just removed.
    if (endpoint == nullptr || !endpoint->configured) return;
    endpoint->available = intake.open;
    endpoint->trial = intake.trial;
    endpoint->share = intake.share;
    if (intake.share == 1) endpoint->turns_due = 0;
}

void EndpointGate::set_context(EndpointId id, std::uint64_t tokens, TimePoint now) {
    Endpoint* endpoint = find(id);
    if (endpoint == nullptr) return;
    endpoint->context_reported = tokens;
    if (!endpoint->context_configured) endpoint->context_told = tokens;
    endpoint->refresh_limits(now);
}

LimitsShown EndpointGate::set_gauges(EndpointId id, const EngineGauges& gauges, TimePoint now) {
    Endpoint* endpoint = find(id);
    if (endpoint == nullptr) return {};
    endpoint->gauges.read(gauges, endpoint->context + endpoint->unseen_context, now);
    endpoint->refresh_limits(now);
    return endpoint->limits_shown();
}

Endpoint* EndpointGate::available(EndpointId id) const {
    Endpoint* endpoint = find(id);
    return endpoint != nullptr && endpoint->available ? endpoint : nullptr;
}

bool EndpointGate::any_available() const {
    return std::any_of(endpoints_.begin(), endpoints_.end(), [](const auto& e) { return e->available; });
}

void EndpointGate::configure(Endpoint& endpoint, const JudgeEndpoint& wanted, TimePoint now) const {
    endpoint.requests = wanted.requests;
    endpoint.name_hash = wanted.name_hash;
    // What an engine reported of itself stays true over a reload.
    endpoint.context_configured = wanted.context_tokens > 0;
    endpoint.context_told = endpoint.context_configured ? wanted.context_tokens : endpoint.context_reported;
    endpoint.prompt_limit = wanted.prompt_tokens;
    if (!wanted.learn) {
        endpoint.learner.reset();
    } else if (endpoint.learner) {
        endpoint.learner->reconfigure(*wanted.learn);
    } else {
        endpoint.learner.emplace(*wanted.learn, now);
    }
    if (!wanted.quota) {
        endpoint.quota.reset();
    } else if (endpoint.quota) {
        endpoint.quota->reconfigure(*wanted.quota);
    } else {
        endpoint.quota.emplace(*wanted.quota, now);
    }
    endpoint.refresh_limits(now);
}

void EndpointGate::reconfigure(const JudgeConfig& config, TimePoint now) {
    balance_ = config.balance;
    parts_ = config.parts;
    pipe_headroom_ = config.pipe_headroom;
    slo_ = law::kUsualSlo;
    for (const JudgeClass& cls : config.classes) {
        if (cls.config.slo && cls.config.slo->first_token > Duration::zero())
            slo_ = std::min(slo_, cls.config.slo->first_token);
    }
    // Endpoints that were gone before and have emptied meanwhile: their number may be another endpoint's now.
    std::erase_if(endpoints_, [](const auto& e) { return !e->configured && e->inflight == 0; });
    for (const auto& endpoint : endpoints_) {
        const bool stays = std::any_of(config.endpoints.begin(), config.endpoints.end(),
                                       [&](const JudgeEndpoint& wanted) { return wanted.id == endpoint->id; });
        endpoint->available = stays && (endpoint->available || !endpoint->configured);
        endpoint->configured = stays;
    }
    for (const JudgeEndpoint& wanted : config.endpoints) {
        Endpoint* endpoint = find(wanted.id);
        if (endpoint == nullptr) {
            endpoint = endpoints_.emplace_back(std::make_unique<Endpoint>()).get();
            endpoint->id = wanted.id;
        }
        configure(*endpoint, wanted, now);
    }
    std::erase_if(endpoints_, [](const auto& e) { return !e->configured && e->inflight == 0; });
}

Endpoint* EndpointGate::find(EndpointId id) const {
    const auto found = std::find_if(endpoints_.begin(), endpoints_.end(), [id](const auto& e) { return e->id == id; });
    return found == endpoints_.end() ? nullptr : found->get();
}

}  // namespace weir::admission
