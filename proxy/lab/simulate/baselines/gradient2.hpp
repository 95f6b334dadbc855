#pragma once
// `gradient2`: Netflix's Gradient2Limit.
//
// After the concurrency-limits library, with its defaults:
//
//   gradient = longRTT x tolerance / shortRTT, between 0.5 and 1
//   limit    = (1 - smoothing) x limit + smoothing x (gradient x limit + queue)
//
// shortRTT is the mean of a window of answers; longRTT an exponential mean over 600 windows, moved down by 5 % when it
// is more than twice shortRTT. While less than half of the limit is in use, nothing changes. A window is at least 1 s
// and 10 answers, as the library's WindowedLimit has it. It differs in where the limit starts: at S, instead of at 20.

#include "lab/simulate/baselines/limiter.hpp"

namespace weir::simulate {

class Gradient2 final : public Limiter {
public:
    Gradient2(double slots, const Settings& settings, TimePoint now);
    static std::span<const Setting> settings();

    [[nodiscard]] double limit() const override { return limit_; }
    void sample(Duration latency, std::uint32_t inflight, TimePoint now) override;

private:
    void update(double short_rtt, std::uint32_t inflight);

    double limit_;
    double max_;
    double tolerance_;
    double smoothing_;
    double queue_;
    double long_windows_;
    Duration window_;
    double long_rtt_ = 0;  // seconds; 0 before the first window
    double windows_ = 0;   // so far
    double sum_ = 0;       // seconds, of this window's answers
    std::uint32_t count_ = 0;
    std::uint32_t max_inflight_ = 0;
    TimePoint window_ends_;
};

}  // namespace weir::simulate
