#include "lab/simulate/baselines/gradient2.hpp"

namespace weir::simulate {
namespace {

constexpr double kMin = 20;            // requests
constexpr std::uint32_t kEnough = 10;  // answers in a window
constexpr double kWarmUp = 10;         // windows, in which the long mean is a plain one

}  // namespace

Gradient2::Gradient2(double slots, const Settings& settings, TimePoint now)
    : limit_(slots),
      max_(std::max(200.0, 4 * slots)),
      tolerance_(settings["tolerance"]),
      smoothing_(settings["smoothing"]),
      queue_(settings["queue"]),
      long_windows_(settings["long"]),
      window_(settings.time("window")),
      window_ends_(now + window_) {}

std::span<const Setting> Gradient2::settings() {
    static constexpr Setting kSettings[]{
        {"tolerance", 1.5, 1, 100, "how many times longRTT an answer may take before the limit sinks"},
        {"smoothing", 0.2, 0.001, 1, "of a step of the limit"},
        {"queue", 4, 0, 1000, "in requests, added in each step"},
        {"long", 600, 1, 1e6, "in windows, of longRTT's mean"},
        {"window", 1, 0.001, 3600, "in seconds"},
        kWholeAnswer,
    };
    return kSettings;
}

void Gradient2::sample(Duration latency, std::uint32_t inflight, TimePoint now) {
    sum_ += seconds(latency);
    ++count_;
    max_inflight_ = std::max(max_inflight_, inflight);
    if (now < window_ends_ || count_ < kEnough) return;
    update(sum_ / count_, max_inflight_);
    sum_ = 0;
    count_ = 0;
    max_inflight_ = 0;
    window_ends_ = now + window_;
}

void Gradient2::update(double short_rtt, std::uint32_t inflight) {
    ++windows_;
    if (windows_ <= kWarmUp) {
        long_rtt_ += (short_rtt - long_rtt_) / windows_;
    } else {
        long_rtt_ += (short_rtt - long_rtt_) * 2 / (long_windows_ + 1);
    }
    if (long_rtt_ / short_rtt > 2) long_rtt_ *= 0.95;
    if (inflight < limit_ / 2) return;
    const double gradient = std::clamp(tolerance_ * long_rtt_ / short_rtt, 0.5, 1.0);
    const double next = gradient * limit_ + queue_;
    limit_ = std::clamp(limit_ * (1 - smoothing_) + next * smoothing_, std::min(kMin, max_), max_);
}

}  // namespace weir::simulate
