#pragma once
// The judge that serves real requests, as one controller among others.

#include "admission/judge.hpp"
#include "lab/simulate/controller.hpp"

namespace weir::simulate {

class JudgeController final : public Controller {
public:
    JudgeController(const admission::JudgeConfig& config, TimePoint now);

    void connect(const EngineConfig& engine, const EngineProbe& probe) override;

    void arrive(Visit& visit, TimePoint now, VisitChanges& changes) override;
    void first_token(Visit& visit, TimePoint now, VisitChanges& changes) override;
    void streamed(Visit& visit, std::uint32_t tokens, TimePoint now) override { judge_.streamed(visit, tokens, now); }
    [[nodiscard]] bool counts_tokens() const override { return true; }
    void finish(Visit& visit, TimePoint now, VisitChanges& changes) override;
    void leave(Visit& visit, TimePoint now, VisitChanges& changes) override;
    void lose(Visit& visit, TimePoint now, VisitChanges& changes) override;
    void set_available(EndpointId endpoint, bool available, TimePoint now, VisitChanges& changes) override;
    void expire(TimePoint now, VisitChanges& changes) override;
    [[nodiscard]] std::optional<TimePoint> next_expiry() const override { return judge_.next_expiry(); }
    [[nodiscard]] double pressure(TimePoint now) override { return judge_.pressure(now); }
    [[nodiscard]] Gauges gauges(TimePoint now) const override;

private:
    // Where the policy has Weir read the engines' gauges: does so once a second, as the server does.
    void read_gauges(TimePoint now);
    // Passes on what the judge decided about others.
    void report(VisitChanges& changes);

    admission::Judge judge_;
    admission::Changes changed_;
    std::vector<EndpointId> gauged_;
    EngineProbe probe_;
    double kv_tokens_ = 1;
    TimePoint read_at_;
};

}  // namespace weir::simulate
