#pragma once
// `llmd`: strict priority bands in a queue, held while the engines are saturated.
//
// After the flow control of llm-d's endpoint picker (Gateway API Inference Extension) and its utilization detector. The
// gauges of every engine are scraped at an interval. An engine is saturated while its queue or the used share of its KV
// cache is above a threshold, and the pool is while all of its engines are. Then requests wait, best priority first and
// first come first served within it, until they are too old. Defaults: 5 requests, 80 %, 50 ms.
//
// It differs in that at most `burst` requests are sent to an engine between two scrapes, an advantage that is off by
// default, and that the engine with the shortest queue is chosen, among equals the one with most cache free, instead of
// by a weighted score. Fairness between flows of one band is left out: a class is one flow.

#include <vector>

#include "lab/simulate/baselines/queueing.hpp"

namespace weir::simulate {

class LlmdController final : public QueueingController {
public:
    LlmdController(const admission::JudgeConfig& config, const Settings& settings, TimePoint now);
    static std::span<const Setting> settings();

    void connect(const EngineConfig& engine, const EngineProbe& probe) override;
    void expire(TimePoint now, VisitChanges& changes) override;
    [[nodiscard]] std::optional<TimePoint> next_expiry() const override;

private:
    struct Gauges {
        EndpointId id;
        std::uint32_t waiting = 0;
        double kv_used = 0;      // share
        std::uint32_t sent = 0;  // since the scrape
    };

    void enqueue(Visit& visit, TimePoint now) override;
    EndpointId place_for(const Visit& visit, TimePoint now) override;
    void sent(Visit& visit, TimePoint now) override;
    void scrape(TimePoint now);

    double queue_;
    double kv_;
    Duration every_;
    Duration timeout_;
    double places_;
    double burst_;
    double kv_tokens_ = 1;
    EngineProbe probe_;
    std::vector<Gauges> gauges_;
    TimePoint next_scrape_;
};

}  // namespace weir::simulate
