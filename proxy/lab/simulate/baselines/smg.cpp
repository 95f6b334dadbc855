#include "lab/simulate/baselines/smg.hpp"

#include <cmath>

#include "lab/simulate/baselines/immediate.hpp"

namespace weir::simulate {

using admission::Standing;

namespace {

constexpr Duration kPreemptedRetryAfter = std::chrono::seconds(1);

}  // namespace

SmgController::SmgController(const admission::JudgeConfig& config, const Settings& settings, TimePoint)
    : counts_(config.endpoints, settings["slots"]) {
    const double slots = counts_.limit();
    const Duration timeout = settings.time("timeout");
    const Duration worse_timeout = settings.time("worse_timeout");
    const auto queue = [&](double share) { return static_cast<std::size_t>(std::ceil(share * slots)); };
    const auto set = [&](admission::Priority priority, double reserved, std::size_t places, Duration longest,
                         Duration starvation, bool can_preempt) {
        Class& cls = classes_[static_cast<std::size_t>(priority)];
        cls.reserved = std::floor(reserved * slots);
        cls.queue = places;
        cls.timeout = longest;
        cls.starvation = starvation;
        cls.can_preempt = can_preempt;
    };
    using admission::Priority;
    const double reserved = settings["reserved"];
    const Duration old = settings.time("starvation");
    // A fifth of what is reserved is for `system`, four fifths for `interactive`, as 32 and 128 are. If one of them has
    // no class in this policy, it reserves nothing and the other has it all.
    std::array<bool, admission::kPriorityCount> is_used{};
    for (const auto& cls : config.classes) is_used[static_cast<std::size_t>(cls.config.priority)] = true;
    const double system = !is_used[0] ? 0 : is_used[1] ? reserved / 5 : reserved;
    const double interactive = is_used[1] ? reserved - system : 0;
    set(Priority::critical, system, queue(0.125), timeout, old / 24, true);
    set(Priority::high, interactive, queue(0.5), timeout, old / 24, true);
    set(Priority::normal, 0, queue(1), 2 * timeout, old / 4, false);
    set(Priority::low, 0, queue(2), worse_timeout, old, false);
    set(Priority::sheddable, 0, queue(2), worse_timeout, old, false);
}

std::span<const Setting> SmgController::settings() {
    static constexpr Setting kSettings[]{
        {"slots", 1, 0.01, 100, "of the policy's capacity.requests"},
        {"reserved", 0.3125, 0, 0.95, "of the slots, for the two best priorities together"},
        {"timeout", 30, 0.001, 3600,
         "in seconds, the longest stay of the two best priorities; the third's is twice it"},
        {"worse_timeout", 300, 0.001, 3600, "in seconds, the longest stay of the others"},
        {"starvation", 120, 0.01, 86'400, "in seconds, the age that promotes the worst; a 24th of it the best two"},
    };
    return kSettings;
}

bool SmgController::may_run(const Class& cls) const {
    double free = static_cast<double>(counts_.limit()) - counts_.inflight();
    for (const Class* better = classes_.data(); better != &cls; ++better) {
        free -= std::max(0.0, better->reserved - better->inflight);
    }
    return free > 0;
}

void SmgController::arrive(Visit& visit, TimePoint now, VisitChanges& changes) {
    if (!counts_.any_available()) return refuse(visit, Reason::no_endpoint);
    Class& cls = class_of(visit);
    const bool first = cls.waiting.size() == 0;
    const EndpointId endpoint = first && may_run(cls) ? counts_.with_capacity() : kNoEndpoint;
    if (endpoint != kNoEndpoint) return run(visit, endpoint);
    if (first && cls.can_preempt) {
        if (Visit* victim = preempt(cls)) {
            changes.push_back(victim);
            const EndpointId freed = counts_.with_capacity();
            if (freed != kNoEndpoint) return run(visit, freed);
        }
    }
    if (cls.waiting.size() >= cls.queue) return refuse(visit, Reason::queue_full);
    visit.ruling = {Standing::waiting, kNoEndpoint, Reason::admitted, {}};
    visit.since = now;
    cls.waiting.add(visit, 0, now + cls.timeout);
}

void SmgController::first_token(Visit& visit, TimePoint /*now*/, VisitChanges& /*changes*/) {
    class_of(visit).unanswered.erase({visit.ticket, &visit});
}

void SmgController::finish(Visit& visit, TimePoint now, VisitChanges& changes) {
    stop(visit);
    visit.ruling.standing = Standing::ended;
    pump(now, changes);
}

void SmgController::leave(Visit& visit, TimePoint /*now*/, VisitChanges& /*changes*/) {
    class_of(visit).waiting.remove(visit);
    refuse(visit, Reason::client_gone);
}

void SmgController::lose(Visit& visit, TimePoint now, VisitChanges& changes) {
    stop(visit);
    refuse(visit, Reason::backend_reset);
    pump(now, changes);
}

void SmgController::set_available(EndpointId endpoint, bool available, TimePoint now, VisitChanges& changes) {
    counts_.set_available(endpoint, available);
    pump(now, changes);
}

void SmgController::expire(TimePoint now, VisitChanges& changes) {
    for (Class& cls : classes_) {
        while (Visit* visit = cls.waiting.expired(now)) {
            cls.waiting.remove(*visit);
            refuse(*visit, Reason::queue_timeout);
            changes.push_back(visit);
        }
    }
    pump(now, changes);
}

std::optional<TimePoint> SmgController::next_expiry() const {
    std::optional<TimePoint> next;
    for (const Class& cls : classes_) {
        const auto expiry = cls.waiting.next_expiry();
        if (expiry && (!next || *expiry < *next)) next = expiry;
    }
    return next;
}

void SmgController::run(Visit& visit, EndpointId endpoint) {
    Class& cls = class_of(visit);
    counts_.take(endpoint);
    ++cls.inflight;
    visit.ticket = dispatched_++;
    cls.unanswered.insert({visit.ticket, &visit});
    run_on(visit, endpoint);
}

void SmgController::stop(Visit& visit) {
    Class& cls = class_of(visit);
    counts_.give_back(visit.ruling.endpoint);
    --cls.inflight;
    cls.unanswered.erase({visit.ticket, &visit});
}

Visit* SmgController::preempt(const Class& cls) {
    for (Class* worse = &classes_.back(); worse != &cls; --worse) {
        if (worse->unanswered.empty()) continue;
        Visit& victim = *worse->unanswered.rbegin()->second;
        stop(victim);
        refuse(victim, Reason::displaced, kPreemptedRetryAfter);
        return &victim;
    }
    return nullptr;
}

void SmgController::pump(TimePoint now, VisitChanges& changes) {
    while (Visit* visit = next(now)) {
        const EndpointId endpoint = counts_.with_capacity();
        if (endpoint == kNoEndpoint) return;
        class_of(*visit).waiting.remove(*visit);
        run(*visit, endpoint);
        changes.push_back(visit);
    }
}

Visit* SmgController::next(TimePoint now) {
    for (Class& cls : classes_) {
        Visit* head = cls.waiting.first();
        if (head != nullptr && now - head->since > cls.starvation) return head;
    }
    for (Class& cls : classes_) {
        Visit* head = cls.waiting.first();
        if (head != nullptr && may_run(cls)) return head;
    }
    return nullptr;
}

}  // namespace weir::simulate
