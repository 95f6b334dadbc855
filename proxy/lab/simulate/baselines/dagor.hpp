#pragma once
// `dagor`: WeChat's overload control (Zhou et al., "Overload Control for Scaling WeChat Microservices", SoCC 2018).
//
// Every request has a level: its business priority, then a hash of its user that changes every hour. Requests up to the
// admission level pass, all others are refused. Each window (1 s or 2,000 requests) sets the level anew from the
// window's requests by level:
//
//   overloaded   (mean queuing time above the threshold) down, until at most (1 - alpha) of the admitted would pass
//   else         up, until beta of all arrivals would pass in addition
//
// The paper's queuing time is from a request's arrival at the server to the start of its processing. A proxy does not
// see that start. Here it is the time to the first token: the larger of the mean of the answers that began in the
// window and the mean wait so far of those that have not begun. Hence the threshold is tuned and not the paper's 20 ms.
// As in the paper, nothing limits concurrency.

#include <array>

#include "lab/simulate/baselines/immediate.hpp"

namespace weir::simulate {

class DagorController final : public ImmediateController {
public:
    DagorController(const admission::JudgeConfig& config, const Settings& settings, TimePoint now);
    static std::span<const Setting> settings();

    void first_token(Visit& visit, TimePoint now, VisitChanges& changes) override;

private:
    static constexpr std::size_t kUsers = 128;
    static constexpr std::size_t kLevels = admission::kPriorityCount * kUsers;

    bool lets_in(const Visit& visit, TimePoint now) override;
    void sent(Visit& visit, TimePoint now) override;
    void gone(Visit& visit, TimePoint now) override;

    [[nodiscard]] static std::size_t level_of(const Visit& visit, TimePoint now);
    void end_window(TimePoint now);
    [[nodiscard]] bool overloaded(TimePoint now) const;

    Duration threshold_;
    double alpha_;
    double beta_;
    Duration window_;
    std::size_t admitted_below_ = kLevels;  // levels smaller than this pass
    TimePoint window_ends_;
    std::array<std::uint32_t, kLevels> arrivals_{};  // of this window, by level
    std::uint32_t arrived_ = 0;
    std::uint32_t admitted_ = 0;
    double queued_ = 0;  // seconds, of the answers that began in this window
    std::uint32_t answers_ = 0;
    double unanswered_since_ = 0;  // sum of instants, in seconds
    std::uint32_t unanswered_ = 0;
};

}  // namespace weir::simulate
