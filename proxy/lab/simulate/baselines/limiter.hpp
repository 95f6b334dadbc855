#pragma once
// A limit on the requests in flight that is learned from how long answers take, and the rule that refuses beyond it.
//
// The limit is for all of a backend's endpoints together, blind to classes and without a queue, as libraries and
// proxies do it: aimd.hpp, gradient.hpp, gradient2.hpp. An engine that streams has two latencies to choose from: until
// the first token, which is waiting and the prompt, or until the last, which is mostly the answer's length.

#include <algorithm>
#include <memory>

#include "lab/simulate/baselines/immediate.hpp"

namespace weir::simulate {

class Limiter {
public:
    virtual ~Limiter() = default;
    // Requests in flight, at least 1.
    [[nodiscard]] virtual double limit() const = 0;
    // One answer's time; `inflight` requests were running when it was sent, including itself.
    virtual void sample(Duration latency, std::uint32_t inflight, TimePoint now) = 0;
    // One was sent and gave no answer: its client left, or its endpoint was lost.
    virtual void failed(std::uint32_t /*inflight*/, TimePoint /*now*/) {}
};

class LimiterController final : public ImmediateController {
public:
    // `whole_answer`: times are taken to the last token instead of the first.
    LimiterController(const admission::JudgeConfig& config, std::unique_ptr<Limiter> limiter, bool whole_answer)
        : ImmediateController(Counts(config.endpoints)), limiter_(std::move(limiter)), whole_answer_(whole_answer) {}

    void first_token(Visit& visit, TimePoint now, VisitChanges& changes) override;
    [[nodiscard]] Gauges gauges(TimePoint) const override { return {limiter_->limit(), 0, 0}; }

private:
    bool lets_in(const Visit& visit, TimePoint now) override;
    void sent(Visit& visit, TimePoint now) override;
    void gone(Visit& visit, TimePoint now) override;

    std::unique_ptr<Limiter> limiter_;
    bool whole_answer_;
};

// The settings that all of them share.
inline constexpr Setting kWholeAnswer{"whole_answer", 0, 0, 1, "1: times are taken to the last token, 0: to the first"};

// S of all endpoints: where limits start.
[[nodiscard]] inline double slots(const admission::JudgeConfig& config) {
    return std::max(1.0, static_cast<double>(Counts(config.endpoints, 1).limit()));
}

// A LimiterController with the limiter `Rule`.
template <typename Rule>
class Limited {
public:
    static std::unique_ptr<Controller> make(const admission::JudgeConfig& config, const Settings& settings,
                                            TimePoint now) {
        return std::make_unique<LimiterController>(config, std::make_unique<Rule>(slots(config), settings, now),
                                                   settings["whole_answer"] > 0);
    }
};

}  // namespace weir::simulate
