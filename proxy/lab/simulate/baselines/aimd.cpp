#include "lab/simulate/baselines/aimd.hpp"

namespace weir::simulate {

Aimd::Aimd(double slots, const Settings& settings, TimePoint now)
    : limit_(slots),
      max_(8 * slots),
      target_(settings.time("target")),
      factor_(settings["factor"]),
      increase_(settings["increase"]),
      window_(settings.time("window")),
      next_cut_(now) {}

std::span<const Setting> Aimd::settings() {
    static constexpr Setting kSettings[]{
        {"target", 1, 0.001, 3600, "in seconds, the time beyond which an answer is late"},
        {"factor", 0.9, 0.1, 0.999, "the limit's, when an answer is late"},
        {"increase", 1, 0.001, 1000, "in requests, for each limit's worth of answers in time"},
        {"window", 1, 0, 3600, "in seconds, at least so long between two cuts"},
        kWholeAnswer,
    };
    return kSettings;
}

void Aimd::sample(Duration latency, std::uint32_t inflight, TimePoint now) {
    if (latency > target_) return cut(now);
    if (2.0 * inflight >= limit_) limit_ = std::min(limit_ + increase_ / limit_, max_);
}

void Aimd::failed(std::uint32_t /*inflight*/, TimePoint now) { cut(now); }

void Aimd::cut(TimePoint now) {
    if (now < next_cut_) return;
    limit_ = std::max(1.0, limit_ * factor_);
    next_cut_ = now + window_;
}

}  // namespace weir::simulate
