#pragma once
// The judge that serves real requests, as one controller among others.

#include "admission/judge.hpp"
#include "lab/simulate/controller.hpp"

namespace weir::simulate {

class JudgeController final : public Controller {
public:
    JudgeController(const admission::JudgeConfig& config, TimePoint now) : judge_(config, now) {}

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
    // Passes on what the judge decided about others.
    void report(VisitChanges& changes);

    admission::Judge judge_;
    admission::Changes changed_;
};

}  // namespace weir::simulate
