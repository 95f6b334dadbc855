#include "property/judge_world.hpp"

#include <algorithm>
#include <array>
#include <ostream>

namespace weir::test {

using admission::Decision;
using admission::Place;
using admission::Priority;
using admission::Standing;
using namespace std::chrono_literals;

namespace {

constexpr std::array kPriorities{Priority::critical, Priority::normal, Priority::normal, Priority::sheddable};

std::uint32_t number(EndpointId id) {
    return static_cast<std::uint32_t>(id);
}

}  // namespace

std::ostream& operator<<(std::ostream& out, const Operation& op) {
    constexpr std::array kNames{"arrive", "finish", "leave", "requeue", "wait", "flip_endpoint", "reconfigure"};
    return out << kNames[op.kind] << "{class " << op.cls << ", client " << op.client << (op.retry ? ", retry" : "")
               << ", pick " << op.pick << ", " << op.ms << " ms}";
}

std::ostream& operator<<(std::ostream& out, const ClassPlan& plan) {
    return out << "{line " << plan.line << ", patience " << plan.patience_ms << " ms, rate " << plan.rate
               << ", concurrency " << plan.concurrency << "}";
}

std::ostream& operator<<(std::ostream& out, const Plan& plan) {
    for (const auto& cls : plan.classes) out << cls << ' ';
    for (const auto limit : plan.endpoints) out << "endpoint " << limit << ' ';
    return out;
}

admission::JudgeConfig Plan::config() const {
    admission::JudgeConfig config;
    config.client_table = 8;
    for (std::size_t i = 0; i < classes.size(); ++i) {
        admission::JudgeClass cls;
        cls.id = ClassId{static_cast<std::uint16_t>(i)};
        cls.config.priority = kPriorities[i];
        cls.config.line = classes[i].line;
        cls.config.patience = std::chrono::milliseconds(classes[i].patience_ms);
        if (classes[i].rate > 0) cls.config.limits.requests = {1.0 * classes[i].rate, 4};
        if (classes[i].concurrency > 0) cls.config.per_client.concurrency = classes[i].concurrency;
        config.classes.push_back(cls);
    }
    for (std::size_t i = 0; i < endpoints.size(); ++i) {
        config.endpoints.push_back({EndpointId{static_cast<std::uint16_t>(i)}, endpoints[i]});
    }
    return config;
}

rc::Gen<Plan> any_plan() {
    using rc::gen::inRange;
    const auto cls = rc::gen::build<ClassPlan>(
        rc::gen::set(&ClassPlan::line, inRange(0U, 5U)),
        rc::gen::set(&ClassPlan::patience_ms, rc::gen::element(0U, 50U, 2'000U, 90'000U)),
        rc::gen::set(&ClassPlan::rate, rc::gen::weightedElement<std::uint32_t>({{4, 0U}, {1, 5U}, {1, 100U}})),
        rc::gen::set(&ClassPlan::concurrency, rc::gen::weightedElement<std::uint32_t>({{3, 0U}, {1, 2U}})));
    return rc::gen::build<Plan>(
        rc::gen::set(&Plan::classes, rc::gen::container<std::vector<ClassPlan>>(kPriorities.size(), cls)),
        rc::gen::set(&Plan::endpoints, rc::gen::mapcat(inRange(1U, 4U), [](std::uint32_t count) {
            return rc::gen::container<std::vector<std::uint32_t>>(count, inRange(1U, 13U));
        })));
}

rc::Gen<std::vector<Operation>> any_operations() {
    using rc::gen::inRange;
    const auto kind = rc::gen::weightedElement<Operation::Kind>({{12, Operation::arrive},
                                                                 {7, Operation::finish},
                                                                 {2, Operation::leave},
                                                                 {1, Operation::requeue},
                                                                 {1, Operation::wait},
                                                                 {1, Operation::flip_endpoint},
                                                                 {1, Operation::reconfigure}});
    return rc::gen::container<std::vector<Operation>>(rc::gen::build<Operation>(
        rc::gen::set(&Operation::kind, kind), rc::gen::set(&Operation::cls, inRange(0U, 4U)),
        rc::gen::set(&Operation::client, inRange(0U, 3U)), rc::gen::set(&Operation::retry),
        rc::gen::set(&Operation::pick, inRange(0U, 100U)),
        rc::gen::set(&Operation::ms,
                     rc::gen::weightedElement<std::uint32_t>({{6, 0U}, {4, 7U}, {2, 60U}, {1, 20'000U}}))));
}

JudgeWorld::JudgeWorld(const Plan& plan) : config_(plan.config()), seen_(4), judge_(config_, clock_.now()) {
    for (const auto limit : plan.endpoints) endpoints_.push_back({limit, 0, true});
    changes_.reserve(64);
}

void JudgeWorld::play(const Operation& operation) {
    // Whatever time alone brings comes first and apart, so that what the operation brings can be told from it.
    if (operation.kind != Operation::arrive) pass(std::chrono::milliseconds(operation.ms));
    switch (operation.kind) {
        case Operation::arrive: arrive(operation); break;
        case Operation::finish:
            if (Request* request = pick(Standing::running, operation.pick)) {
                --endpoints_[number(request->endpoint)].inflight;
                request->known = Standing::ended;
                judge_.finish(request->place, clock_.now(), changes_);
                replay();
            }
            break;
        case Operation::leave:
            if (Request* request = pick(Standing::waiting, operation.pick)) {
                request->known = Standing::ended;
                judge_.leave(request->place, clock_.now(), changes_);
                replay();
            }
            break;
        case Operation::requeue:
            if (Request* request = pick(Standing::running, operation.pick)) requeue(*request);
            break;
        case Operation::wait: pass(std::chrono::seconds(operation.pick)); break;
        case Operation::flip_endpoint: {
            const std::size_t chosen = operation.pick % endpoints_.size();
            endpoints_[chosen].available = !endpoints_[chosen].available;
            judge_.set_available(EndpointId{static_cast<std::uint16_t>(chosen)}, endpoints_[chosen].available,
                                 clock_.now(), changes_);
            replay();
            break;
        }
        case Operation::reconfigure: {
            const std::size_t chosen = operation.pick % endpoints_.size();
            config_.endpoints[chosen].requests = endpoints_[chosen].limit = 1 + operation.pick % 12;
            config_.classes[operation.cls].config.line = operation.pick % 5;
            judge_.reconfigure(config_, clock_.now(), changes_);
            replay();
            break;
        }
    }
    check_rest();
}

void JudgeWorld::pass(Duration time) {
    // As a server would: it wakes at the instants that the judge names.
    const TimePoint end = clock_.now() + time;
    for (auto next = judge_.next_expiry(); next && *next < end; next = judge_.next_expiry()) {
        RC_ASSERT(*next > clock_.now());
        clock_.advance_to(*next);
        judge_.expire(clock_.now(), changes_);
        replay();
        check_rest();
    }
    clock_.advance_to(end);
    judge_.expire(end, changes_);
    replay();
    check_rest();
}

void JudgeWorld::arrive(const Operation& operation) {
    Request& request = requests_.emplace_back();
    request.cls = operation.cls;
    request.retry = operation.retry;
    request.arrival = requests_.size();
    const auto& cls = config_.classes[request.cls].config;
    request.expires = clock_.now() + *cls.patience;
    admission::Ask ask{ClassId{static_cast<std::uint16_t>(operation.cls)}, operation.client, operation.retry, {}};
    if (operation.ms > 0) {
        ask.deadline = clock_.now() + std::chrono::milliseconds(operation.ms);
        request.expires = std::min(request.expires, *ask.deadline);
    }
    const auto early = judge_.refuse_early(ask, clock_.now());
    judge_.arrive(request.place, ask, clock_.now(), changes_);
    if (early) {
        RC_ASSERT(request.place.standing() == Standing::ended);
        RC_ASSERT(early->reason == request.place.decision().reason);
        RC_ASSERT(early->observed == request.place.decision().observed);
        RC_ASSERT(early->retry_after == request.place.decision().retry_after);
    }
    const Decision& decision = request.place.decision();
    if (request.place.standing() == Standing::ended && group(decision.reason) == ReasonGroup::contract) {
        RC_ASSERT(changes_.empty());
        RC_ASSERT(decision.observed > decision.limit);
        RC_ASSERT(decision.retry_after > 0s);
        request.known = Standing::ended;
        return;
    }
    seen_[request.cls] = clock_.now();
    request.known = Standing::waiting;
    replay(&request);
}

void JudgeWorld::requeue(Request& request) {
    --endpoints_[number(request.endpoint)].inflight;
    const bool stayed = judge_.requeue(request.place, clock_.now(), changes_);
    RC_ASSERT(stayed == (request.place.standing() != Standing::ended));
    // Who is out of time, or out of endpoints, never stood in line again.
    const Reason reason = request.place.decision().reason;
    const bool in_line = stayed || reason == Reason::line_full || reason == Reason::pushed_out;
    request.known = in_line ? Standing::waiting : Standing::idle;
    replay(&request);
}

void JudgeWorld::replay(Request* self) {
    std::size_t told = 0;
    const auto self_runs = [&] { return self != nullptr && self->place.standing() == Standing::running; };
    while (true) {
        // The law says when it was the turn of `self`.
        if (self_runs() && self->known == Standing::waiting && head_of_all() == self) {
            check_dispatch(*self);
        } else if (told < changes_.size()) {
            Request& request = request_of(changes_[told++]);
            RC_ASSERT(&request != self);
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

void JudgeWorld::check_dispatch(Request& request) {
    RC_ASSERT(head_of_all() == &request);
    RC_ASSERT(clock_.now() < request.expires || request.place.arrived() == clock_.now());
    RC_ASSERT(request.place.decision().verdict == admission::Verdict::admit);
    Endpoint& endpoint = endpoints_[number(request.place.decision().endpoint)];
    RC_ASSERT(endpoint.available);
    RC_ASSERT(fits(endpoint, request.cls));
    ++endpoint.inflight;
    request.endpoint = request.place.decision().endpoint;
    request.known = Standing::running;
}

void JudgeWorld::check_refusal(Request& request) {
    const Decision& decision = request.place.decision();
    RC_ASSERT(request.place.standing() == Standing::ended);
    RC_ASSERT(group(decision.reason) == ReasonGroup::overload);
    RC_ASSERT(decision.retry_after == 5s);
    if (decision.reason == Reason::line_full || decision.reason == Reason::pushed_out) {
        RC_ASSERT(count(request.cls, Standing::waiting) > *config_.classes[request.cls].config.line);
        for (const Request& other : requests_) {
            if (other.cls != request.cls || other.known != Standing::waiting) continue;
            RC_ASSERT(&other == &request || served_sooner(other, request));
        }
    } else {
        const bool any =
            std::any_of(endpoints_.begin(), endpoints_.end(), [](const Endpoint& e) { return e.available; });
        RC_ASSERT((decision.reason == Reason::no_endpoint) == !any);
        RC_ASSERT(clock_.now() >= request.expires || !any);
    }
    request.known = Standing::ended;
}

void JudgeWorld::check_rest() const {
    const auto counts = judge_.counts(clock_.now());
    for (std::size_t i = 0; i < endpoints_.size(); ++i) {
        RC_ASSERT(counts.endpoints[i].inflight == endpoints_[i].inflight);
    }
    for (std::size_t cls = 0; cls < config_.classes.size(); ++cls) {
        RC_ASSERT(counts.classes[cls].inflight == count(cls, Standing::running));
        RC_ASSERT(counts.classes[cls].waiting == count(cls, Standing::waiting));
        RC_ASSERT(counts.classes[cls].waiting <= *config_.classes[cls].config.line);
        RC_ASSERT(counts.classes[cls].room == room(cls));
    }
    for (const Request& request : requests_) {
        RC_ASSERT(request.known == request.place.standing());
        RC_ASSERT(request.known != Standing::waiting || request.expires > clock_.now());
    }
    // Work conservation: never (head fits) and (head waits).
    if (const Request* head = head_of_all()) {
        for (const Endpoint& endpoint : endpoints_) RC_ASSERT(!endpoint.available || !fits(endpoint, head->cls));
    }
}

void JudgeWorld::end_all() {
    for (Request& request : requests_) {
        if (request.known == Standing::waiting) {
            request.known = Standing::ended;
            judge_.leave(request.place, clock_.now(), changes_);
        } else if (request.known == Standing::running) {
            --endpoints_[number(request.endpoint)].inflight;
            request.known = Standing::ended;
            judge_.finish(request.place, clock_.now(), changes_);
        } else {
            continue;
        }
        replay();
        check_rest();
    }
    // Those who were dispatched meanwhile stood before whoever made room for them.
    if (pick(Standing::running, 0) != nullptr || pick(Standing::waiting, 0) != nullptr) return end_all();
    RC_ASSERT(judge_.counts(clock_.now()).pressure == (judge_.counts(clock_.now()).pressure >= 1 ? 1 : 0));
    RC_ASSERT(judge_.next_expiry() == std::nullopt);
}

JudgeWorld::Request* JudgeWorld::pick(Standing standing, std::uint32_t which) {
    std::vector<Request*> candidates;
    for (Request& request : requests_) {
        if (request.known == standing) candidates.push_back(&request);
    }
    return candidates.empty() ? nullptr : candidates[which % candidates.size()];
}

JudgeWorld::Request& JudgeWorld::request_of(const Place* place) {
    const auto found = std::find_if(requests_.begin(), requests_.end(), [&](Request& r) { return &r.place == place; });
    RC_ASSERT(found != requests_.end());
    return *found;
}

bool JudgeWorld::served_sooner(const Request& a, const Request& b) {
    return a.retry != b.retry ? b.retry : a.arrival < b.arrival;
}

bool JudgeWorld::first_class(std::size_t a, std::size_t b) const {
    if (kPriorities[a] != kPriorities[b]) return kPriorities[a] < kPriorities[b];
    const auto na = count(a, Standing::running);
    const auto nb = count(b, Standing::running);
    return na != nb ? na < nb : a < b;
}

const JudgeWorld::Request* JudgeWorld::head_of_all() const {
    const Request* head = nullptr;
    for (const Request& request : requests_) {
        if (request.known != Standing::waiting) continue;
        const bool sooner = head == nullptr || (request.cls == head->cls ? served_sooner(request, *head)
                                                                         : first_class(request.cls, head->cls));
        if (sooner) head = &request;
    }
    return head;
}

std::size_t JudgeWorld::count(std::size_t cls, Standing standing) const {
    return static_cast<std::size_t>(std::count_if(requests_.begin(), requests_.end(), [&](const Request& request) {
        return request.cls == cls && request.known == standing;
    }));
}

double JudgeWorld::room(std::size_t cls) const {
    std::array<bool, admission::kPriorityCount> active{};
    for (std::size_t i = 0; i < seen_.size(); ++i) {
        const bool better = kPriorities[i] < kPriorities[cls];
        if (better && seen_[i] && clock_.now() < *seen_[i] + 60s)
            active[static_cast<std::size_t>(kPriorities[i])] = true;
    }
    return std::min(0.2, 0.1 * static_cast<double>(std::count(active.begin(), active.end(), true)));
}

bool JudgeWorld::fits(const Endpoint& endpoint, std::size_t cls) const {
    return endpoint.inflight == 0 || endpoint.inflight + 1 <= endpoint.limit * (1 - room(cls)) + 1e-6;
}

}  // namespace weir::test
