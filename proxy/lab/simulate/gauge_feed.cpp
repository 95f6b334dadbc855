#include "lab/simulate/gauge_feed.hpp"

#include <cmath>

#include "lab/simulate/random.hpp"

namespace weir::simulate {

GaugeFeed::GaugeFeed(const GaugeConfig& config, std::span<const Engine> engines, std::uint64_t seed, TimePoint start)
    : config_(config), engines_(engines), seed_(seed), read_at_(start), last_(engines.size()) {}

void GaugeFeed::catch_up(TimePoint instant) {
    if (config_.every == Duration::zero()) return;
    if (read_at_ + config_.every >= instant) return;
    // Nothing has changed since the last event: of several readings only the last one counts.
    const auto due = (instant - read_at_ - Duration(1)) / config_.every;
    readings_ += static_cast<std::uint64_t>(due);
    read_at_ += due * config_.every;
    for (std::size_t i = 0; i < engines_.size(); ++i) last_[i] = read(i);
}

EngineCounts GaugeFeed::counts(EndpointId endpoint) const {
    return config_.every == Duration::zero() ? read(index(endpoint)) : last_[index(endpoint)];
}

Duration GaugeFeed::age(TimePoint now) const {
    return config_.every == Duration::zero() ? Duration::zero() : now - read_at_;
}

EngineCounts GaugeFeed::read(std::size_t engine) const {
    EngineCounts counts = engines_[engine].counts();
    if (config_.noise == 0) return counts;
    std::uint64_t question = 0;
    const auto vary = [&](auto& count) {
        const double factor = log_normal(config_.noise, seed_ ^ engine, readings_, question);
        count = static_cast<std::remove_reference_t<decltype(count)>>(std::round(static_cast<double>(count) * factor));
        question += 2;
    };
    vary(counts.running);
    vary(counts.waiting);
    vary(counts.kv_used);
    return counts;
}

}  // namespace weir::simulate
