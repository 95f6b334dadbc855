#include "telemetry/access_log.hpp"

#include <algorithm>
#include <chrono>
#include <limits>
#include <utility>

#include "base/random.hpp"

namespace weir::telemetry {
namespace {

constexpr std::uint64_t kAlways = std::numeric_limits<std::uint64_t>::max();

}  // namespace

AccessLog::AccessLog(std::size_t workers, const Names& names) : writer_(workers) {
    for (std::size_t i = 0; i < workers; ++i) pens_.push_back({AccessLine(names), i});
}

void AccessLog::record(std::size_t worker, const Record& record) {
    const std::uint64_t chance = chance_of(record);
    if (chance == 0) return;
    Pen& pen = pens_[worker];
    if (chance != kAlways && next_random(pen.random) >= chance) return;
    // The clock is read only for lines that are written.
    const auto now = std::chrono::system_clock::now();
    const auto arrived = now - std::chrono::duration_cast<std::chrono::system_clock::duration>(record.duration);
    writer_.push(worker, pen.line.write(record, arrived));
}

Result<void> AccessLog::reconfigure(const AccessLogConfig& config) {
    const bool off = config.to == "off";
    LogSink sink;
    if (!off) {
        Result<LogSink> opened = LogSink::open(config.to);
        if (!opened) return opened.error();
        sink = std::move(opened.value());
    }
    writer_.set_sink(off ? std::string{} : config.to, std::move(sink), config.queue_lines);
    set_chance(Fate::served, off ? 0 : config.sample_served);
    set_chance(Fate::refused, off ? 0 : config.sample_refused);
    set_chance(Fate::degraded, off ? 0 : config.sample_degraded);
    set_chance(Fate::failed, off ? 0 : config.sample_failed);
    return {};
}

void AccessLog::set_chance(Fate fate, double share) {
    constexpr double kWhole = 18446744073709551616.0;  // 2^64
    const std::uint64_t chance = share >= 1 ? kAlways : share > 0 ? static_cast<std::uint64_t>(share * kWhole) : 0;
    chances_[static_cast<std::size_t>(fate)].store(chance, std::memory_order_relaxed);
}

std::uint64_t AccessLog::chance_of(Fate fate) const {
    return chances_[static_cast<std::size_t>(fate)].load(std::memory_order_relaxed);
}

std::uint64_t AccessLog::chance_of(const Record& record) const {
    if (is_shed(record.reason)) return chance_of(Fate::refused);
    const Fate served = record.degraded_rules != 0 ? Fate::degraded : Fate::served;
    const Fate fate = group(record.reason) == ReasonGroup::admitted ? served : Fate::failed;
    return record.shadow ? std::max(chance_of(fate), chance_of(Fate::refused)) : chance_of(fate);
}

}  // namespace weir::telemetry
