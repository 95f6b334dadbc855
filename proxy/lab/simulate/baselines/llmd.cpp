#include "lab/simulate/baselines/llmd.hpp"

#include <algorithm>

#include "lab/simulate/baselines/immediate.hpp"

namespace weir::simulate {

LlmdController::LlmdController(const admission::JudgeConfig& config, const Settings& settings, TimePoint now)
    : QueueingController(Counts(config.endpoints)),
      queue_(settings["queue"]),
      kv_(settings["kv"]),
      every_(settings.time("scrape")),
      timeout_(settings.time("timeout")),
      places_(settings["places"]),
      burst_(settings["burst"]),
      next_scrape_(now) {
    for (const auto& endpoint : config.endpoints) gauges_.push_back({endpoint.id});
}

std::span<const Setting> LlmdController::settings() {
    static constexpr Setting kSettings[]{
        {"queue", 5, 0, 1e6, "requests in an engine's queue beyond which it is saturated"},
        {"kv", 0.8, 0.01, 1, "share of an engine's KV cache beyond which it is saturated"},
        {"scrape", 0.05, 0.001, 60, "in seconds, between two scrapes"},
        {"timeout", 30, 0.001, 3600, "in seconds, the longest stay in the queue"},
        {"places", 1e6, 1, 1e9, "of the queue"},
        {"burst", 1e6, 1, 1e9, "requests sent to one engine between two scrapes, at most"},
    };
    return kSettings;
}

void LlmdController::connect(const EngineConfig& engine, const EngineProbe& probe) {
    kv_tokens_ = static_cast<double>(engine.kv_tokens);
    probe_ = probe;
}

void LlmdController::enqueue(Visit& visit, TimePoint now) {
    if (now >= next_scrape_) scrape(now);
    if (static_cast<double>(waiting().size()) >= places_) return refuse(visit, Reason::queue_full);
    waiting().add(visit, static_cast<std::uint64_t>(visit.priority), now + timeout_);
}

EndpointId LlmdController::place_for(const Visit& /*visit*/, TimePoint /*now*/) {
    const Gauges* best = nullptr;
    for (std::size_t i = 0; i < gauges_.size(); ++i) {
        const Gauges& gauges = gauges_[i];
        const bool saturated = gauges.waiting > queue_ || gauges.kv_used > kv_ || gauges.sent >= burst_;
        if (!counts().endpoints()[i].available || saturated) continue;
        const auto rank = [](const Gauges& of) { return std::pair(of.waiting + of.sent, of.kv_used); };
        if (best == nullptr || rank(gauges) < rank(*best)) best = &gauges;
    }
    return best == nullptr ? kNoEndpoint : best->id;
}

void LlmdController::sent(Visit& visit, TimePoint /*now*/) {
    const EndpointId id = visit.ruling.endpoint;
    ++std::find_if(gauges_.begin(), gauges_.end(), [id](const Gauges& entry) { return entry.id == id; })->sent;
}

void LlmdController::expire(TimePoint now, VisitChanges& changes) {
    if (now >= next_scrape_) scrape(now);
    QueueingController::expire(now, changes);
}

std::optional<TimePoint> LlmdController::next_expiry() const {
    // While the queue is empty no scrape is scheduled: the next arrival triggers one.
    if (waiting().size() == 0) return std::nullopt;
    return std::min(next_scrape_, *waiting().next_expiry());
}

void LlmdController::scrape(TimePoint now) {
    next_scrape_ = now + every_;
    if (!probe_) return;
    for (Gauges& gauges : gauges_) {
        const EngineCounts counts = probe_(gauges.id);
        gauges.sent = 0;
        gauges.waiting = counts.waiting;
        gauges.kv_used = static_cast<double>(counts.kv_used) / kv_tokens_;
    }
}

}  // namespace weir::simulate
