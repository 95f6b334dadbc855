#pragma once
// `gradient`: the gradient controller of Envoy's adaptive concurrency filter.
//
// After Envoy's documentation (adaptive_concurrency_filter, v1.27), with its defaults:
//
//   gradient = (minRTT + buffer x minRTT) / sampleRTT, between 0.5 and 2
//   limit    = gradient x limit + sqrt(limit)
//
// sampleRTT is a percentile of the answers of one interval. minRTT is measured at the start and then every `measure`
// seconds, or after five intervals at the smallest limit: the limit is set to 3 until 50 answers to requests sent
// meanwhile have come, and their percentile is the new minRTT. It differs in that intervals are evaluated when answers
// come, that the jitter of up to 15 % before a measurement is left out, and that the smallest limit is 3 for each
// `least_share` of the slots, so that larger backends are not starved to measure them.

#include <vector>

#include "lab/simulate/baselines/limiter.hpp"

namespace weir::simulate {

class Gradient final : public Limiter {
public:
    Gradient(double slots, const Settings& settings, TimePoint now);
    static std::span<const Setting> settings();

    [[nodiscard]] double limit() const override { return measuring_ ? min_ : limit_; }
    void sample(Duration latency, std::uint32_t inflight, TimePoint now) override;

private:
    void begin_measuring(TimePoint now);
    void end_measuring(TimePoint now);
    void update(TimePoint now);
    // The percentile of the samples; clears them.
    [[nodiscard]] double take_percentile();

    double limit_;
    double min_;
    double max_;
    double buffer_;
    double percentile_;
    Duration interval_;
    Duration measure_;
    std::vector<double> samples_;  // seconds
    double min_rtt_ = 0;           // seconds
    bool measuring_ = true;
    TimePoint measuring_since_;
    TimePoint next_update_;
    TimePoint next_measuring_;
    int intervals_at_min_ = 0;  // intervals in a row
};

}  // namespace weir::simulate
