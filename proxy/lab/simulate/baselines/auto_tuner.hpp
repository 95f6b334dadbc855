#pragma once
// Cinnamon's auto-tuner: a limit on the requests in flight after TCP Vegas (see cinnamon.hpp).
//
// After Uber's "Cinnamon Auto-Tuner: Adaptive Concurrency in the Wild" (2023):
//
//   sample   the 90th percentile of an interval of 50 answers, smoothed by the median of the last five
//   target   the smallest sample since it was last reset
//   queue    limit x (1 - target / sample), and the limit follows Vegas: up below alpha = 3 log10(limit), down above
//            beta = 6 log10(limit), in steps of log10(limit)
//   resets   every `reset` seconds the target is forgotten; where the limit and the throughput of the last intervals
//            move against each other (negative covariance), the limit sinks instead of rising
//
// It differs in that the percentile and the smoothing are fixed as described here, and that the limit only rises while
// at least half of it is in use.

#include <deque>
#include <vector>

#include "lab/simulate/baselines/limiter.hpp"

namespace weir::simulate {

class AutoTuner final : public Limiter {
public:
    AutoTuner(double slots, const Settings& settings, TimePoint now);

    [[nodiscard]] double limit() const override { return limit_; }
    void sample(Duration latency, std::uint32_t inflight, TimePoint now) override;

private:
    void end_interval(TimePoint now);
    void follow(double latency);
    [[nodiscard]] bool more_is_less() const;

    double limit_;
    double max_;
    double tolerance_;
    Duration reset_;
    std::vector<double> samples_;  // seconds, of this interval
    std::uint32_t max_inflight_ = 0;
    TimePoint interval_began_;
    std::deque<double> tails_;                        // of the last intervals
    std::deque<std::pair<double, double>> outcomes_;  // of the last intervals: in flight, answers a second
    double target_ = 0;                               // seconds; 0: not known
    TimePoint next_reset_;
};

}  // namespace weir::simulate
