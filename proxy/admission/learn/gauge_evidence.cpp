#include "admission/learn/gauge_evidence.hpp"

#include <algorithm>
#include <cmath>

namespace weir::admission {
namespace {

using namespace std::chrono_literals;

constexpr Duration kFresh = 5s;
constexpr double kSame = 0.5;  // they are counts
constexpr int kAlike = 3;
constexpr double kWaiting = 2;
constexpr double kNear = 0.99;
constexpr double kGrow = 1.01;
constexpr double kContradicts = 0.85;
constexpr double kLeastUsage = 0.3;
constexpr double kNews = 1.0 / 8;

bool is_plausible(const std::optional<double>& value) { return value && std::isfinite(*value) && *value >= 0; }

}  // namespace

bool GaugeEvidence::is_fresh(TimePoint now) const { return read_at_ && now - *read_at_ <= kFresh; }

void GaugeEvidence::read(const EngineGauges& gauges, std::uint64_t context, TimePoint now) {
    if (!is_fresh(now)) *this = {};  // it may be another engine by now
    if (is_plausible(gauges.running) && is_plausible(gauges.waiting)) {
        read_slots(*gauges.running, *gauges.waiting);
        read_at_ = now;
    }
    if (is_plausible(gauges.kv_usage) && *gauges.kv_usage <= 1 && *gauges.kv_usage >= kLeastUsage && context > 0) {
        const double shown = static_cast<double>(context) / *gauges.kv_usage;
        cache_ = cache_ == kNone ? shown : cache_ + (shown - cache_) * kNews;
        read_at_ = now;
    }
}

void GaugeEvidence::read_slots(double running, double waiting) {
    const bool full = waiting >= kWaiting && running >= 1;
    const bool alike = full && alike_ > 0 && std::abs(running - running_) < kSame;
    alike_ = alike ? alike_ + 1 : full ? 1 : 0;
    if (!alike) running_ = running;
    if (alike_ >= kAlike) {
        slots_ = std::min(slots_, running);
    } else if (!full || running < kNear * slots_) {
        slots_ *= kGrow;
    }
    slots_ = std::max(slots_, running);
}

std::uint32_t GaugeEvidence::slots(std::uint32_t limit, TimePoint now) const {
    return is_fresh(now) && slots_ < limit ? std::max(1U, static_cast<std::uint32_t>(slots_)) : limit;
}

std::uint64_t GaugeEvidence::cache(std::uint64_t limit, TimePoint now) const {
    if (!is_fresh(now) || cache_ == kNone) return limit;
    const auto shown = static_cast<std::uint64_t>(cache_);
    if (limit == 0) return shown;
    return cache_ < kContradicts * static_cast<double>(limit) ? shown : limit;
}

}  // namespace weir::admission
