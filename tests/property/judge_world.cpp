#include "property/judge_world.hpp"

#include <algorithm>

namespace weir::test {

using admission::Decision;
using admission::Place;
using admission::Standing;
using namespace std::chrono_literals;

JudgeWorld::JudgeWorld(const Plan& plan)
    : JudgeWorld(plan, [](const admission::JudgeConfig& config, TimePoint now) {
          return std::make_unique<TestedJudge>(config, now);
      }) {}

JudgeWorld::JudgeWorld(const Plan& plan, const MakeJudge& make)
    : books_(plan), judge_(make(books_.config, clock_.now())) {
    changes_.reserve(64);
}

void JudgeWorld::play(const Operation& operation) {
    // What time alone causes is played first, so that it can be told from what the operation causes.
    if (operation.kind != Operation::arrive) pass(std::chrono::milliseconds(operation.ms));
    BookedRequest* running = books_.pick(Standing::running, operation.pick);
    BookedRequest* waiting = books_.pick(Standing::waiting, operation.pick);
    switch (operation.kind) {
        case Operation::arrive: arrive(operation); break;
        case Operation::finish:
            if (running == nullptr) break;
            books_.finish(*running);
            judge_->finish(running->place, clock_.now(), changes_);
            break;
        case Operation::leave:
            if (waiting == nullptr) break;
            books_.refuse(*waiting);
            judge_->leave(waiting->place, clock_.now(), changes_);
            break;
        case Operation::requeue:
            if (running != nullptr) requeue(*running);
            break;
        case Operation::first_token:
            if (running == nullptr) break;
            books_.first_token(*running);
            judge_->first_token(running->place, clock_.now(), changes_);
            break;
        case Operation::streamed:
            if (running == nullptr) break;
            running->streamed = std::max(running->streamed, 10 * operation.pick);
            judge_->streamed(running->place, 10 * operation.pick, clock_.now());
            break;
        case Operation::wait: pass(std::chrono::seconds(operation.pick)); break;
        case Operation::flip_endpoint: flip_endpoint(operation.pick % books_.endpoints.size()); break;
        case Operation::reconfigure: reconfigure(operation); break;
    }
    replay();
    check_rest();
}

void JudgeWorld::flip_endpoint(std::size_t endpoint) {
    bool& available = books_.endpoints[endpoint].available;
    available = !available;
    judge_->set_available(EndpointId{static_cast<std::uint16_t>(endpoint)}, available, clock_.now(), changes_);
}

void JudgeWorld::reconfigure(const Operation& operation) {
    const std::size_t chosen = operation.pick % books_.endpoints.size();
    books_.config.endpoints[chosen].requests = books_.endpoints[chosen].limit = 1 + operation.pick % 12;
    books_.config.endpoints[chosen].context_tokens = books_.endpoints[chosen].context_limit = operation.prompt * 10;
    books_.config.classes[operation.cls].config.queue = operation.pick % 5;
    judge_->reconfigure(books_.config, clock_.now(), changes_);
}

void JudgeWorld::pass(Duration time) {
    // Like a server: it wakes at the instants that the judge names.
    const TimePoint end = clock_.now() + time;
    const auto expire_at = [this](TimePoint instant) {
        clock_.advance_to(instant);
        books_.settle_old(instant);
        judge_->expire(instant, changes_);
        replay();
        check_rest();
    };
    for (auto next = judge_->next_expiry(); next && *next < end; next = judge_->next_expiry()) {
        RC_ASSERT(*next > clock_.now());
        expire_at(*next);
    }
    expire_at(end);
}

void JudgeWorld::arrive(const Operation& operation) {
    admission::Ask ask{ClassId{static_cast<std::uint16_t>(operation.cls)}, operation.client, operation.retry, {}};
    ask.cohort = static_cast<std::uint16_t>(operation.client);
    ask.prompt_tokens = operation.prompt;
    ask.streams = streams(operation);
    ask.can_be_cut = true;
    if (operation.ms > 0) ask.deadline = clock_.now() + std::chrono::milliseconds(operation.ms);
    const auto early = judge_->refuse_early(ask, clock_.now());
    if (early) note_refusal(operation.cls, early->reason);
    BookedRequest& request = books_.arrive(operation, clock_.now());
    if (ask.deadline) request.expires = std::min(request.expires, *ask.deadline);
    judge_->arrive(request.place, ask, clock_.now(), changes_);
    const Decision& decision = request.place.decision();
    if (early) {
        RC_ASSERT(request.place.standing() == Standing::ended);
        RC_ASSERT(early->reason == decision.reason);
        RC_ASSERT(early->observed == decision.observed);
        RC_ASSERT(early->retry_after == decision.retry_after);
    }
    RC_ASSERT((decision.reason == Reason::client_concurrency) == books_.over_concurrency(request));
    if (request.place.standing() == Standing::ended && group(decision.reason) == ReasonGroup::limits) {
        RC_ASSERT(changes_.empty());
        RC_ASSERT(decision.observed > decision.limit);
        RC_ASSERT(decision.retry_after > 0s);
        request.known = Standing::ended;
        return;
    }
    books_.enter_queue(request, clock_.now());
    replay(&request);
}

void JudgeWorld::requeue(BookedRequest& request) {
    books_.finish(request);
    request.lost = request.endpoint;
    request.lost_at = clock_.now();
    const bool stayed = judge_->requeue(request.place, clock_.now(), changes_);
    RC_ASSERT(stayed == (request.place.standing() != Standing::ended));
    // A request out of time or out of endpoints never waited in the queue again.
    const Reason reason = request.place.decision().reason;
    const bool was_queued = stayed || reason == Reason::queue_full || reason == Reason::displaced;
    request.known = was_queued ? Standing::waiting : Standing::idle;
    replay(&request);
}

void JudgeWorld::replay(BookedRequest* self) {
    std::size_t reported = 0;
    const auto self_runs = [&] { return self != nullptr && self->place.standing() == Standing::running; };
    while (true) {
        // The books say when `self` runs.
        if (self_runs() && self->known == Standing::waiting && books_.next(clock_.now()) == self) {
            check_dispatch(*self);
        } else if (reported < changes_.size()) {
            BookedRequest& request = request_of(changes_[reported++]);
            RC_ASSERT(&request != self || request.place.evicted());
            if (request.known == Standing::running) {
                check_eviction(request);
                continue;
            }
            RC_ASSERT(request.known == Standing::waiting);
            request.place.standing() == Standing::running ? check_dispatch(request) : check_refusal(request);
        } else {
            break;
        }
    }
    if (self != nullptr && self->place.standing() == Standing::ended) check_refusal(*self);
    if (self != nullptr) RC_ASSERT(self->known == self->place.standing());
    changes_.clear();
}

void JudgeWorld::check_dispatch(BookedRequest& request) {
    const bool its_turn = books_.next(clock_.now()) == &request;
    RC_ASSERT(its_turn);
    const bool at_once = request.place.arrived() == clock_.now() || request.lost_at == clock_.now();
    RC_ASSERT(clock_.now() < request.expires || at_once);
    const Decision& decision = request.place.decision();
    RC_ASSERT(decision.verdict == admission::Verdict::admit);
    const std::size_t chosen = number(decision.endpoint);
    const bool below_guarantee = books_.is_below_guarantee(request.cls);
    RC_ASSERT(books_.endpoints[chosen].available);
    RC_ASSERT(books_.fits(request, chosen, below_guarantee, clock_.now()));
    // The one with most headroom, except those that it has just been lost on.
    for (std::size_t i = 0; i < books_.endpoints.size(); ++i) {
        if (i == chosen || !books_.endpoints[i].available || !books_.fits(request, i, below_guarantee, clock_.now()))
            continue;
        if (request.lost != kNoEndpoint && number(request.lost) == i) continue;
        RC_ASSERT(request.lost == kNoEndpoint || number(request.lost) != chosen);
        RC_ASSERT(books_.fill(chosen) <= books_.fill(i) + 1e-9);
    }
    books_.dispatch(request, decision.endpoint, clock_.now());
}

void JudgeWorld::check_refusal(BookedRequest& request) {
    const Decision& decision = request.place.decision();
    RC_ASSERT(request.place.standing() == Standing::ended);
    RC_ASSERT(group(decision.reason) == ReasonGroup::overload);
    RC_ASSERT(decision.retry_after == 5s);
    if (decision.reason == Reason::queue_full || decision.reason == Reason::displaced) {
        RC_ASSERT(books_.count(request.cls, Standing::waiting) > *books_.config.classes[request.cls].config.queue);
        for (const BookedRequest& other : books_.requests) {
            if (other.cls != request.cls || other.known != Standing::waiting) continue;
            RC_ASSERT(&other == &request || books_.served_sooner(other, request));
        }
    } else {
        const bool any = std::any_of(books_.endpoints.begin(), books_.endpoints.end(),
                                     [](const BookedEndpoint& e) { return e.available; });
        RC_ASSERT((decision.reason == Reason::no_endpoint) == !any);
        RC_ASSERT(clock_.now() >= request.expires || !any);
    }
    note_refusal(request.cls, decision.reason);
    books_.refuse(request);
}

void JudgeWorld::note_refusal(std::size_t cls, Reason reason) {
    const bool overload =
        reason == Reason::queue_full || reason == Reason::displaced || reason == Reason::queue_timeout;
    if (overload) books_.overloaded(cls, clock_.now());
}

void JudgeWorld::check_eviction(BookedRequest& request) {
    RC_ASSERT(request.place.evicted());
    RC_ASSERT(request.place.standing() == Standing::running);
    RC_ASSERT(!request.evicted);
    const auto& victim = books_.config.classes[request.cls].config;
    const BookedRequest* head = books_.head();
    const bool head_waits = head != nullptr;
    RC_ASSERT(head_waits);
    RC_ASSERT(victim.preemptible);
    RC_ASSERT(books_.config.classes[head->cls].config.priority < victim.priority);
    RC_ASSERT(clock_.now() - head->since >= (head->expires - head->since) / 2 - 1us);
    for (const BookedRequest& other : books_.requests) {
        if (other.cls != request.cls || other.known != Standing::running || other.evicted) continue;
        RC_ASSERT(other.dispatch <= request.dispatch);
    }
    request.evicted = true;
}

void JudgeWorld::check_rest() const {
    const auto counts = judge_->counts(clock_.now());
    for (std::size_t i = 0; i < books_.endpoints.size(); ++i) {
        RC_ASSERT(counts.endpoints[i].inflight == books_.inflight(i));
        RC_ASSERT(counts.endpoints[i].context_tokens == books_.context(i));
        RC_ASSERT(counts.endpoints[i].prompt_tokens == books_.prompts(i));
    }
    for (std::size_t cls = 0; cls < books_.config.classes.size(); ++cls) {
        RC_ASSERT(counts.classes[cls].inflight == books_.count(cls, Standing::running));
        RC_ASSERT(counts.classes[cls].waiting == books_.count(cls, Standing::waiting));
        RC_ASSERT(counts.classes[cls].waiting <= *books_.config.classes[cls].config.queue);
        RC_ASSERT(counts.classes[cls].headroom == books_.room(cls, clock_.now()));
    }
    std::size_t evicted = 0;
    for (const BookedRequest& request : books_.requests) {
        RC_ASSERT(request.known == request.place.standing());
        RC_ASSERT(request.known != Standing::waiting || request.expires > clock_.now());
        RC_ASSERT(request.evicted == request.place.evicted());
        evicted += request.evicted ? 1 : 0;
    }
    RC_ASSERT(evicted <= std::max<std::size_t>(1, books_.inflight() / 20 + 1));
    // Work conservation: never (head fits) and (head waits).
    const bool all_blocked = books_.next(clock_.now()) == nullptr;
    RC_ASSERT(all_blocked);
}

void JudgeWorld::end_all() {
    for (BookedRequest& request : books_.requests) {
        if (request.known == Standing::waiting) {
            books_.refuse(request);
            judge_->leave(request.place, clock_.now(), changes_);
        } else if (request.known == Standing::running) {
            books_.finish(request);
            judge_->finish(request.place, clock_.now(), changes_);
        } else {
            continue;
        }
        replay();
        check_rest();
    }
    // The requests dispatched meanwhile were ahead of the one that freed capacity for them.
    if (books_.pick(Standing::running, 0) != nullptr || books_.pick(Standing::waiting, 0) != nullptr) return end_all();
    const double pressure = judge_->counts(clock_.now()).pressure;
    RC_ASSERT(pressure == 0 || pressure == 1);  // 1: there is no endpoint
    RC_ASSERT(judge_->next_expiry() == std::nullopt);
}

BookedRequest& JudgeWorld::request_of(const Place* place) {
    const auto found = std::find_if(books_.requests.begin(), books_.requests.end(),
                                    [&](const BookedRequest& request) { return &request.place == place; });
    const bool is_known = found != books_.requests.end();
    RC_ASSERT(is_known);
    return *found;
}

}  // namespace weir::test
