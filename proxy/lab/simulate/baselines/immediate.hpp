#pragma once
// Rules without a queue: a request runs at once, on the endpoint with fewest in flight, or is refused.
//
//   none   every request runs
//   cap    at most slots x S on each endpoint, S the policy's capacity.requests

#include "lab/simulate/baselines/counts.hpp"
#include "lab/simulate/baselines/settings.hpp"
#include "lab/simulate/controller.hpp"

namespace weir::simulate {

class ImmediateController : public Controller {
public:
    void arrive(Visit& visit, TimePoint now, VisitChanges& changes) final;
    void finish(Visit& visit, TimePoint now, VisitChanges& changes) final;
    void leave(Visit& visit, TimePoint now, VisitChanges& changes) final;
    void lose(Visit& visit, TimePoint now, VisitChanges& changes) final;
    void set_available(EndpointId endpoint, bool available, TimePoint now, VisitChanges& changes) final;

protected:
    explicit ImmediateController(Counts counts) : counts_(std::move(counts)) {}

    [[nodiscard]] Counts& counts() { return counts_; }
    [[nodiscard]] const Counts& counts() const { return counts_; }

private:
    // Whether it may run, if an endpoint is below its limit.
    virtual bool lets_in(const Visit& /*visit*/, TimePoint /*now*/) { return true; }
    // It has been sent.
    virtual void sent(Visit& /*visit*/, TimePoint /*now*/) {}
    // Its slot is free again.
    virtual void gone(Visit& /*visit*/, TimePoint /*now*/) {}

    Counts counts_;
};

class NoneController final : public ImmediateController {
public:
    NoneController(const admission::JudgeConfig& config, const Settings&, TimePoint)
        : ImmediateController(Counts(config.endpoints)) {}
    static std::span<const Setting> settings() { return {}; }
};

class CapController final : public ImmediateController {
public:
    CapController(const admission::JudgeConfig& config, const Settings& settings, TimePoint)
        : ImmediateController(Counts(config.endpoints, settings["slots"])) {}
    static std::span<const Setting> settings();
    [[nodiscard]] Gauges gauges(TimePoint) const override { return {static_cast<double>(counts().limit()), 0, 0}; }
};

// The two refusals of the baselines, spelled once.
void run_on(Visit& visit, EndpointId endpoint);
void refuse(Visit& visit, Reason reason, Duration retry_after = {});

}  // namespace weir::simulate
