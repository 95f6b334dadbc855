#pragma once
// `oracle`: what would be possible if answers' lengths and the engines' internals were known beforehand. No proxy can
// do this; it shows how much is left to gain.
//
// Requests wait by priority; within one priority, those with an slo by their deadline, then the others by their work,
// the least first. The first one runs on an endpoint where, including itself,
//
//   a slot is left          sequences            <= S, less `reserve` of it for the classes below the best in use
//   the whole answer fits   sum of prompt + all of the answer   <= K
//   the prompt is soon done prompt tokens not yet computed      <= `prompts` of a step's budget, or it is alone
//
// so that nothing is ever preempted and no prompt waits long. A request that can no longer have its first token within
// the slo is refused at once; one without an slo, after `queue_timeout`. K, a step's budget and costs are the engine's
// own. It does not know future arrivals: it is a strong reference, not a proven bound.

#include <unordered_map>

#include "lab/simulate/baselines/queueing.hpp"

namespace weir::simulate {

class OracleController final : public QueueingController {
public:
    OracleController(const admission::JudgeConfig& config, const Settings& settings, TimePoint now);
    static std::span<const Setting> settings();

    void connect(const EngineConfig& engine, const EngineProbe& probe) override;
    void first_token(Visit& visit, TimePoint now, VisitChanges& changes) override;

private:
    struct Load {
        std::uint64_t tokens = 0;   // prompts and whole answers of those that run
        std::uint64_t prompts = 0;  // of those without a first token
    };

    void enqueue(Visit& visit, TimePoint now) override;
    EndpointId place_for(const Visit& visit, TimePoint now) override;
    void sent(Visit& visit, TimePoint now) override;
    void gone(Visit& visit, TimePoint now) override;

    [[nodiscard]] Duration work_of(const Visit& visit) const;

    std::unordered_map<EndpointId, Load> loads_;
    std::unordered_map<ClassId, Duration> slos_;
    admission::Priority best_ = admission::Priority::sheddable;
    double reserve_;
    double prompts_;
    Duration queue_timeout_;
    EngineConfig engine_;
};

}  // namespace weir::simulate
