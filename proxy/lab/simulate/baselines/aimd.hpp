#pragma once
// `aimd`: additive increase, multiplicative decrease of a limit by the time of answers.
//
// After Chiu and Jain (1989) and Netflix's AIMDLimit: an answer slower than the target cuts the limit; one in time
// raises it if the limit was at least half used. It differs in that the limit is cut at most once in a window, because
// all answers of a batch are late together, and rises by `increase` for each limit's worth of answers, as TCP's does
// for each round trip.

#include "lab/simulate/baselines/limiter.hpp"

namespace weir::simulate {

class Aimd final : public Limiter {
public:
    Aimd(double slots, const Settings& settings, TimePoint now);
    static std::span<const Setting> settings();

    [[nodiscard]] double limit() const override { return limit_; }
    void sample(Duration latency, std::uint32_t inflight, TimePoint now) override;
    void failed(std::uint32_t inflight, TimePoint now) override;

private:
    void cut(TimePoint now);

    double limit_;
    double max_;
    Duration target_;
    double factor_;
    double increase_;
    Duration window_;
    TimePoint next_cut_;
};

}  // namespace weir::simulate
