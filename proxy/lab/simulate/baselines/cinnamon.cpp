#include "lab/simulate/baselines/cinnamon.hpp"

#include "lab/simulate/random.hpp"

namespace weir::simulate {
namespace {

constexpr std::uint32_t kCohorts = 128;
constexpr std::uint32_t kNoThreshold = 6 * kCohorts;
constexpr std::size_t kRemembered = 1'000;
constexpr double kMaxRejected = 0.99;

}  // namespace

CinnamonController::CinnamonController(const admission::JudgeConfig& config, const Settings& settings, TimePoint now)
    : QueueingController(Counts(config.endpoints)),
      tuner_(slots(config), settings, now),
      kp_(settings["kp"]),
      ki_(settings["ki"]),
      period_(settings.time("period")),
      timeout_(settings.time("timeout")),
      period_ends_(now + period_),
      threshold_(kNoThreshold) {}

std::span<const Setting> CinnamonController::settings() {
    static constexpr Setting kSettings[]{
        {"kp", 0.1, 0, 100, "the gain of the error"},
        {"ki", 0.1, 0, 100, "the gain of the errors' sum"},
        {"period", 0.5, 0.01, 60, "in seconds, between changes of the share that is rejected"},
        {"timeout", 1, 0.001, 3600, "in seconds, the longest stay in the queue"},
        {"start", 1, 0.01, 100, "of the policy's capacity.requests: the limit at first"},
        {"tolerance", 2, 1, 100, "how many times the target a sample may be before the limit sinks"},
        {"reset", 30, 1, 86'400, "in seconds, after which the target is measured anew"},
    };
    return kSettings;
}

std::uint32_t CinnamonController::priority_of(const Visit& visit, TimePoint now) {
    const auto hour = std::chrono::floor<std::chrono::hours>(now.time_since_epoch()).count();
    const std::uint64_t cohort = mix(visit.asking.client ^ mix(static_cast<std::uint64_t>(hour))) % kCohorts;
    return static_cast<std::uint32_t>(visit.priority) * kCohorts + static_cast<std::uint32_t>(cohort);
}

void CinnamonController::enqueue(Visit& visit, TimePoint now) {
    if (now >= period_ends_) end_period(now);
    const std::uint32_t priority = priority_of(visit, now);
    if (recent_.size() < kRemembered) {
        recent_.push_back(priority);
    } else {
        recent_[next_recent_++ % kRemembered] = priority;
    }
    if (!counts().any_available()) return refuse(visit, Reason::no_endpoint);
    if (priority >= threshold_) return refuse(visit, Reason::queue_full);
    ++came_in_;
    waiting().add(visit, priority, now + timeout_);
}

EndpointId CinnamonController::place_for(const Visit& /*visit*/, TimePoint /*now*/) {
    return counts().inflight() + 1 <= tuner_.limit() ? counts().with_capacity() : kNoEndpoint;
}

void CinnamonController::sent(Visit& visit, TimePoint now) {
    visit.since = now;
    visit.rank = counts().inflight();
    ++went_out_;
    if (waiting().size() == 0) was_empty_ = true;
}

void CinnamonController::first_token(Visit& visit, TimePoint now, VisitChanges& changes) {
    tuner_.sample(now - visit.since, static_cast<std::uint32_t>(visit.rank), now);
    pump(now, changes);
}

void CinnamonController::gone(Visit& visit, TimePoint now) {
    if (!visit.answered) tuner_.failed(static_cast<std::uint32_t>(visit.rank), now);
}

void CinnamonController::end_period(TimePoint now) {
    const bool overloaded = !was_empty_ && waiting().size() > 0;
    if (overloaded || threshold_ < kNoThreshold) {
        const double out = std::max(went_out_, 1U);
        const double free = std::max(tuner_.limit() - counts().inflight(), 0.0);
        const double error = std::clamp((came_in_ - (went_out_ + free)) / out, -1.0, 1.0);
        sum_ = std::clamp(sum_ + error * seconds(period_), 0.0, kMaxRejected / std::max(ki_, 1e-3));
        threshold_ = threshold_for(std::clamp(kp_ * error + ki_ * sum_, 0.0, kMaxRejected));
    } else {
        sum_ = 0;
    }
    came_in_ = went_out_ = 0;
    was_empty_ = waiting().size() == 0;
    period_ends_ = now + period_;
}

std::uint32_t CinnamonController::threshold_for(double share) const {
    if (share <= 0 || recent_.empty()) return kNoThreshold;
    std::vector<std::uint32_t> sorted = recent_;
    const auto kept =
        std::min(sorted.size() - 1, static_cast<std::size_t>((1 - share) * static_cast<double>(sorted.size())));
    std::nth_element(sorted.begin(), sorted.begin() + static_cast<std::ptrdiff_t>(kept), sorted.end());
    return std::max(sorted[kept], 1U);
}

}  // namespace weir::simulate
