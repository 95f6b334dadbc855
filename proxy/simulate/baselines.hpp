#pragma once
// The rules that Weir is compared with: what people put in front of a model server today.

#include <set>
#include <tuple>

#include "simulate/controller.hpp"

namespace weir::simulate {

// Counts per endpoint, and the choice of the one with fewest in flight below its limit.
class Counts {
public:
    // With no `capped`, limits are ignored.
    Counts(const std::vector<admission::JudgeEndpoint>& endpoints, bool capped);

    // The endpoint, now one request fuller; kNoEndpoint when none has room.
    [[nodiscard]] EndpointId take();
    void give_back(EndpointId endpoint);
    void set_available(EndpointId endpoint, bool available);
    [[nodiscard]] bool any_available() const;

private:
    struct Endpoint {
        EndpointId id;
        std::uint32_t limit;
        std::uint32_t inflight = 0;
        bool available = true;
    };
    std::vector<Endpoint> endpoints_;
};

// `none` and `cap`: whoever comes runs now or is refused now.
class ImmediateController final : public Controller {
public:
    ImmediateController(const admission::JudgeConfig& config, bool capped) : counts_(config.endpoints, capped) {}

    void arrive(Visit& visit, TimePoint now, VisitChanges& changes) override;
    void finish(Visit& visit, TimePoint now, VisitChanges& changes) override;
    void leave(Visit& visit, TimePoint now, VisitChanges& changes) override;
    void lose(Visit& visit, TimePoint now, VisitChanges& changes) override;
    void set_available(EndpointId endpoint, bool available, TimePoint now, VisitChanges& changes) override;

private:
    Counts counts_;
};

// `haproxy`: a cap, and behind it a queue by priority with a time-out.
class QueueController final : public Controller {
public:
    QueueController(const admission::JudgeConfig& config, Duration timeout)
        : counts_(config.endpoints, true), timeout_(timeout) {}

    void arrive(Visit& visit, TimePoint now, VisitChanges& changes) override;
    void finish(Visit& visit, TimePoint now, VisitChanges& changes) override;
    void leave(Visit& visit, TimePoint now, VisitChanges& changes) override;
    void lose(Visit& visit, TimePoint now, VisitChanges& changes) override;
    void set_available(EndpointId endpoint, bool available, TimePoint now, VisitChanges& changes) override;
    void expire(TimePoint now, VisitChanges& changes) override;
    [[nodiscard]] std::optional<TimePoint> next_expiry() const override;

private:
    using Place = std::tuple<admission::Priority, std::uint64_t, Visit*>;
    void pump(VisitChanges& changes);
    void take_out(Visit& visit);

    Counts counts_;
    Duration timeout_;
    std::set<Place> queue_;                              // by priority, then arrival
    std::set<std::pair<std::uint64_t, Visit*>> by_age_;  // all wait equally long: the first to come expires first
    std::uint64_t arrivals_ = 0;
};

}  // namespace weir::simulate
