#include "lab/simulate/baselines/dagor.hpp"

#include "lab/simulate/random.hpp"

namespace weir::simulate {
namespace {

constexpr std::uint32_t kWindowRequests = 2'000;

double instant(TimePoint at) { return seconds(at.time_since_epoch()); }

}  // namespace

DagorController::DagorController(const admission::JudgeConfig& config, const Settings& settings, TimePoint now)
    : ImmediateController(Counts(config.endpoints)),
      threshold_(settings.time("threshold")),
      alpha_(settings["alpha"]),
      beta_(settings["beta"]),
      window_(settings.time("window")),
      window_ends_(now + window_) {}

std::span<const Setting> DagorController::settings() {
    static constexpr Setting kSettings[]{
        {"threshold", 0.5, 0.001, 3600, "in seconds, the mean time to a first token beyond which there is overload"},
        {"alpha", 0.05, 0.001, 0.999, "of the admitted, shed in a window of overload"},
        {"beta", 0.01, 0.0001, 1, "of all requests, admitted in addition in a window without"},
        {"window", 1, 0.01, 3600, "in seconds, or 2,000 requests"},
    };
    return kSettings;
}

std::size_t DagorController::level_of(const Visit& visit, TimePoint now) {
    const auto hour = std::chrono::floor<std::chrono::hours>(now.time_since_epoch()).count();
    const std::uint64_t user = mix(visit.asking.client ^ mix(static_cast<std::uint64_t>(hour))) % kUsers;
    return static_cast<std::size_t>(visit.priority) * kUsers + user;
}

bool DagorController::lets_in(const Visit& visit, TimePoint now) {
    if (now >= window_ends_ || arrived_ >= kWindowRequests) end_window(now);
    const std::size_t level = level_of(visit, now);
    ++arrivals_[level];
    ++arrived_;
    if (level >= admitted_below_) return false;
    ++admitted_;
    return true;
}

void DagorController::sent(Visit& visit, TimePoint now) {
    visit.since = now;
    unanswered_since_ += instant(now);
    ++unanswered_;
}

void DagorController::first_token(Visit& visit, TimePoint now, VisitChanges& /*changes*/) {
    unanswered_since_ -= instant(visit.since);
    --unanswered_;
    queued_ += seconds(now - visit.since);
    ++answers_;
}

void DagorController::gone(Visit& visit, TimePoint now) {
    if (visit.answered) return;
    unanswered_since_ -= instant(visit.since);
    --unanswered_;
    queued_ += seconds(now - visit.since);
    ++answers_;
}

bool DagorController::overloaded(TimePoint now) const {
    const std::uint32_t count = answers_ + unanswered_;
    if (count == 0) return false;
    // Kept apart, or the many new arrivals would hide that the old ones wait.
    const double waiting = unanswered_ * instant(now) - unanswered_since_;
    const double mean_of_answers = answers_ == 0 ? 0 : queued_ / answers_;
    const double mean_of_waiting = unanswered_ == 0 ? 0 : waiting / unanswered_;
    return std::max(mean_of_answers, mean_of_waiting) > seconds(threshold_);
}

void DagorController::end_window(TimePoint now) {
    if (overloaded(now)) {
        const double expected = (1 - alpha_) * admitted_;
        double prefix = admitted_;
        while (prefix > expected && admitted_below_ > 1) prefix -= arrivals_[--admitted_below_];
    } else {
        const double expected = admitted_ + beta_ * arrived_;
        double prefix = admitted_;
        while (prefix < expected && admitted_below_ < kLevels) prefix += arrivals_[admitted_below_++];
    }
    arrivals_.fill(0);
    arrived_ = admitted_ = answers_ = 0;
    queued_ = 0;
    window_ends_ = now + window_;
}

}  // namespace weir::simulate
