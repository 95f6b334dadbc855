#include "lab/simulate/baselines/gradient.hpp"

#include <cmath>

namespace weir::simulate {
namespace {

constexpr std::size_t kMeasured = 50;  // answers
constexpr double kMin = 3;             // requests
constexpr double kMax = 1000;          // requests
constexpr int kStuck = 5;              // intervals at the smallest limit

}  // namespace

Gradient::Gradient(double slots, const Settings& settings, TimePoint now)
    : limit_(kMin),
      min_(std::max(kMin, settings["least_share"] * slots)),
      max_(std::max(kMax, 4 * slots)),
      buffer_(settings["buffer"]),
      percentile_(settings["percentile"]),
      interval_(settings.time("interval")),
      measure_(settings.time("measure")) {
    limit_ = min_;
    begin_measuring(now);
}

std::span<const Setting> Gradient::settings() {
    static constexpr Setting kSettings[]{
        {"buffer", 0.25, 0, 100, "of minRTT, added to it"},
        {"percentile", 0.5, 0, 1, "of the answers of an interval"},
        {"interval", 0.1, 0.001, 3600, "in seconds, between updates of the limit"},
        {"measure", 60, 1, 86'400, "in seconds, between measurements of minRTT"},
        {"least_share", 0, 0, 1, "of S: the smallest limit, and the one while minRTT is measured; at least 3 requests"},
        kWholeAnswer,
    };
    return kSettings;
}

void Gradient::sample(Duration latency, std::uint32_t inflight, TimePoint now) {
    if (measuring_) {
        // Requests sent before the measurement began say nothing about an idle engine.
        if (now - latency < measuring_since_ || inflight > min_) return;
        samples_.push_back(seconds(latency));
        if (samples_.size() >= kMeasured) end_measuring(now);
        return;
    }
    if (now >= next_measuring_) return begin_measuring(now);
    samples_.push_back(seconds(latency));
    if (now >= next_update_) update(now);
}

void Gradient::begin_measuring(TimePoint now) {
    measuring_ = true;
    measuring_since_ = now;
    samples_.clear();
}

void Gradient::end_measuring(TimePoint now) {
    measuring_ = false;
    min_rtt_ = take_percentile();
    next_measuring_ = now + measure_;
    next_update_ = now + interval_;
    intervals_at_min_ = 0;
}

void Gradient::update(TimePoint now) {
    const double gradient = std::clamp(min_rtt_ * (1 + buffer_) / std::max(take_percentile(), 1e-6), 0.5, 2.0);
    limit_ = std::clamp(gradient * limit_ + std::sqrt(limit_), min_, max_);
    next_update_ = now + interval_;
    intervals_at_min_ = limit_ <= min_ ? intervals_at_min_ + 1 : 0;
    if (intervals_at_min_ >= kStuck) begin_measuring(now);
}

double Gradient::take_percentile() {
    const auto place =
        samples_.begin() + static_cast<std::ptrdiff_t>(percentile_ * static_cast<double>(samples_.size() - 1));
    std::nth_element(samples_.begin(), place, samples_.end());
    const double value = *place;
    samples_.clear();
    return value;
}

}  // namespace weir::simulate
