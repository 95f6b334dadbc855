#include "lab/simulate/baselines/auto_tuner.hpp"

#include <cmath>

namespace weir::simulate {
namespace {

constexpr std::size_t kInterval = 50;  // answers
constexpr std::size_t kSmoothed = 5;   // intervals
constexpr std::size_t kCompared = 50;  // intervals
constexpr double kMin = 4;             // requests

double quantile(std::vector<double> values, double q) {
    const auto place = values.begin() + static_cast<std::ptrdiff_t>(q * static_cast<double>(values.size() - 1));
    std::nth_element(values.begin(), place, values.end());
    return *place;
}

}  // namespace

AutoTuner::AutoTuner(double slots, const Settings& settings, TimePoint now)
    : limit_(std::max(kMin, settings["start"] * slots)),
      max_(8 * slots),
      tolerance_(settings["tolerance"]),
      reset_(settings.time("reset")),
      interval_began_(now),
      next_reset_(now + reset_) {}

void AutoTuner::sample(Duration latency, std::uint32_t inflight, TimePoint now) {
    samples_.push_back(seconds(latency));
    max_inflight_ = std::max(max_inflight_, inflight);
    if (samples_.size() >= kInterval) end_interval(now);
}

void AutoTuner::end_interval(TimePoint now) {
    tails_.push_back(quantile(samples_, 0.9));
    if (tails_.size() > kSmoothed) tails_.pop_front();
    const double length = std::max(seconds(now - interval_began_), 1e-6);
    outcomes_.emplace_back(max_inflight_, static_cast<double>(samples_.size()) / length);
    if (outcomes_.size() > kCompared) outcomes_.pop_front();
    follow(quantile({tails_.begin(), tails_.end()}, 0.5));
    if (now >= next_reset_) {
        target_ = 0;
        next_reset_ = now + reset_;
    }
    samples_.clear();
    max_inflight_ = 0;
    interval_began_ = now;
}

void AutoTuner::follow(double latency) {
    if (target_ == 0 || latency < target_) target_ = latency;
    const double step = std::max(std::log10(limit_), 0.5);
    const double queue = limit_ * (1 - std::min(tolerance_ * target_ / latency, 1.0));
    if (queue > 6 * step) {
        limit_ -= step;
    } else if (queue < 3 * step && 2.0 * max_inflight_ >= limit_) {
        limit_ += more_is_less() ? -step : step;
    }
    limit_ = std::clamp(limit_, kMin, max_);
}

bool AutoTuner::more_is_less() const {
    if (outcomes_.size() < kCompared) return false;
    double inflight = 0;
    double throughput = 0;
    for (const auto& [x, y] : outcomes_) {
        inflight += x / kCompared;
        throughput += y / kCompared;
    }
    double covariance = 0;
    for (const auto& [x, y] : outcomes_) covariance += (x - inflight) * (y - throughput);
    return covariance < 0;
}

}  // namespace weir::simulate
