#pragma once
// `cinnamon`: Uber's load shedder, a PID controller on the share of requests that are rejected by priority.
//
// After Uber's blog: "Cinnamon: Using Century Old Tech to Build a Mean Load Shedder" and "PID Controller for Cinnamon"
// (2023). A request's priority is its tier (0 to 5; here the class's priority) and a cohort of its user (0 to 127). A
// request that the rejector lets pass waits in a queue by priority, from which as many run as the auto-tuner's limit
// allows (auto_tuner.hpp), and is refused if it waits too long. Each period, if the queue was never empty during the
// last one or requests are being rejected:
//
//   error      (arrivals - (departures + free places)) / departures
//   share      kp x error + ki x the sum of errors x period, of requests to reject
//   threshold  the priority that this share of the last 1,000 requests, the worst, lies beyond
//
// It differs in the cohort's hash; in gains, period and timeout, which are settings here; in the error's bounds (-1 to
// 1); and in that tiers 5 and up have no requests.

#include <array>
#include <vector>

#include "lab/simulate/baselines/auto_tuner.hpp"
#include "lab/simulate/baselines/queueing.hpp"

namespace weir::simulate {

class CinnamonController final : public QueueingController {
public:
    CinnamonController(const admission::JudgeConfig& config, const Settings& settings, TimePoint now);
    static std::span<const Setting> settings();

    void first_token(Visit& visit, TimePoint now, VisitChanges& changes) override;
    [[nodiscard]] Gauges gauges(TimePoint) const override { return {tuner_.limit(), 0, 0}; }

private:
    void enqueue(Visit& visit, TimePoint now) override;
    EndpointId place_for(const Visit& visit, TimePoint now) override;
    void sent(Visit& visit, TimePoint now) override;
    void gone(Visit& visit, TimePoint now) override;

    [[nodiscard]] static std::uint32_t priority_of(const Visit& visit, TimePoint now);
    void end_period(TimePoint now);
    [[nodiscard]] std::uint32_t threshold_for(double share) const;

    AutoTuner tuner_;
    double kp_;
    double ki_;
    Duration period_;
    Duration timeout_;
    TimePoint period_ends_;
    std::vector<std::uint32_t> recent_;  // priorities of the last requests, a ring
    std::size_t next_recent_ = 0;
    std::uint32_t threshold_;  // priorities from this on are rejected
    double sum_ = 0;           // of errors x seconds
    std::uint32_t came_in_ = 0;
    std::uint32_t went_out_ = 0;
    bool was_empty_ = true;  // the queue, at some time of this period
};

}  // namespace weir::simulate
