#pragma once
// `smg`: slots with reservations, promotion by age, and one victim before its first byte.
//
// After the priority scheduler of SMG (Shepherd Model Gateway; its documentation's "Priority Scheduling" and its
// reference). A slot is held from dispatch to the last byte. A class may take one while some are left beyond the unused
// reservations of better classes:
//
//   S - in flight - sum over better classes of max(0, reserved - in flight) > 0
//
// Otherwise, one of the classes that may preempt ends a running request of a worse class that has not begun to answer
// (503, Retry-After: 1), the newest of the worst; the others wait in their class's queue. Queues are served best class
// first; a head that has waited longer than its class's threshold comes before all and may use reserved slots. Full
// queues and too long waits are refusals.
//
// Priorities stand for its classes: critical for `system`, high `interactive`, normal `default`, low and sheddable
// `bulk`. Defaults are its own; reservations are in proportion to its usual 512 slots, to fit ours. It differs in that
// capacity is S of the endpoints and not read from them, and that the better classes' thresholds and timeouts scale
// with one setting each.

#include <array>
#include <set>

#include "lab/simulate/baselines/counts.hpp"
#include "lab/simulate/baselines/settings.hpp"
#include "lab/simulate/baselines/wait_queue.hpp"
#include "lab/simulate/controller.hpp"

namespace weir::simulate {

class SmgController final : public Controller {
public:
    SmgController(const admission::JudgeConfig& config, const Settings& settings, TimePoint now);
    static std::span<const Setting> settings();

    void arrive(Visit& visit, TimePoint now, VisitChanges& changes) override;
    void first_token(Visit& visit, TimePoint now, VisitChanges& changes) override;
    void finish(Visit& visit, TimePoint now, VisitChanges& changes) override;
    void leave(Visit& visit, TimePoint now, VisitChanges& changes) override;
    void lose(Visit& visit, TimePoint now, VisitChanges& changes) override;
    void set_available(EndpointId endpoint, bool available, TimePoint now, VisitChanges& changes) override;
    void expire(TimePoint now, VisitChanges& changes) override;
    [[nodiscard]] std::optional<TimePoint> next_expiry() const override;
    [[nodiscard]] Gauges gauges(TimePoint) const override { return {static_cast<double>(counts_.limit()), 0, 0}; }

private:
    struct Class {
        double reserved = 0;  // slots
        std::size_t queue = 0;
        Duration timeout{};
        Duration starvation{};
        bool can_preempt = false;
        std::uint32_t inflight = 0;
        WaitQueue waiting;
        std::set<std::pair<std::uint64_t, Visit*>> unanswered;  // running, by arrival
    };

    [[nodiscard]] Class& class_of(const Visit& visit) { return classes_[static_cast<std::size_t>(visit.priority)]; }
    [[nodiscard]] bool may_run(const Class& cls) const;
    void run(Visit& visit, EndpointId endpoint);
    void stop(Visit& visit);
    // Ends a request worse than `cls` that has no first byte; null when there is none.
    [[nodiscard]] Visit* preempt(const Class& cls);
    void pump(TimePoint now, VisitChanges& changes);
    // The head to serve next; null when no waiting request may run.
    [[nodiscard]] Visit* next(TimePoint now);

    Counts counts_;
    std::array<Class, admission::kPriorityCount> classes_;
    std::uint64_t dispatched_ = 0;
};

}  // namespace weir::simulate
