#pragma once
// Rules with a queue: requests wait in one order; the first runs as soon as the rule has a place for it.
//
//   haproxy   at most slots x S on each endpoint; the best priority first, refused after the queue's timeout
//             (`maxconn`, `set-priority-class`, `timeout queue`; HAProxy 2.6)

#include "lab/simulate/baselines/counts.hpp"
#include "lab/simulate/baselines/settings.hpp"
#include "lab/simulate/baselines/wait_queue.hpp"
#include "lab/simulate/controller.hpp"

namespace weir::simulate {

class QueueingController : public Controller {
public:
    void arrive(Visit& visit, TimePoint now, VisitChanges& changes) final;
    void finish(Visit& visit, TimePoint now, VisitChanges& changes) final;
    void leave(Visit& visit, TimePoint now, VisitChanges& changes) final;
    void lose(Visit& visit, TimePoint now, VisitChanges& changes) final;
    void set_available(EndpointId endpoint, bool available, TimePoint now, VisitChanges& changes) final;
    void expire(TimePoint now, VisitChanges& changes) override;
    [[nodiscard]] std::optional<TimePoint> next_expiry() const override { return waiting_.next_expiry(); }

protected:
    explicit QueueingController(Counts counts) : counts_(std::move(counts)) {}

    // Serves the front of the queue for as long as there is a place.
    void pump(TimePoint now, VisitChanges& changes);

    [[nodiscard]] Counts& counts() { return counts_; }
    [[nodiscard]] const Counts& counts() const { return counts_; }
    [[nodiscard]] WaitQueue& waiting() { return waiting_; }
    [[nodiscard]] const WaitQueue& waiting() const { return waiting_; }

private:
    // Puts it into the queue, or refuses it.
    virtual void enqueue(Visit& visit, TimePoint now) = 0;
    // Where the front of the queue may go now; kNoEndpoint: it waits, and so do all behind it.
    virtual EndpointId place_for(const Visit& visit, TimePoint now) = 0;
    virtual void sent(Visit& /*visit*/, TimePoint /*now*/) {}
    virtual void gone(Visit& /*visit*/, TimePoint /*now*/) {}

    Counts counts_;
    WaitQueue waiting_;
};

class HaproxyController final : public QueueingController {
public:
    HaproxyController(const admission::JudgeConfig& config, const Settings& settings, TimePoint)
        : QueueingController(Counts(config.endpoints, settings["slots"])), timeout_(settings.time("timeout")) {}
    static std::span<const Setting> settings();
    [[nodiscard]] Gauges gauges(TimePoint) const override { return {static_cast<double>(counts().limit()), 0, 0}; }

private:
    void enqueue(Visit& visit, TimePoint now) override;
    EndpointId place_for(const Visit& visit, TimePoint now) override;

    Duration timeout_;
};

}  // namespace weir::simulate
