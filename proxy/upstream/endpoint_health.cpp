#include "upstream/endpoint_health.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>

namespace weir::upstream {
namespace {

constexpr std::uint32_t kLongest = 8;  // times the configured duration
constexpr double kFirstShare = 0.1;    // of the load, when a slow start begins
constexpr double kShareStep = 0.05;    // each step is reported to the judge

}  // namespace

std::string HandSetting::text() const {
    switch (action) {
        case HandAction::drain: return "drain";
        case HandAction::eject: return "eject";
        case HandAction::weight: return "weight " + std::to_string(std::lround(100 * weight)) + "%";
    }
    return {};
}

void HealthState::probed(bool success, const HealthConfig& config, TimePoint now) {
    if (success == probes_up_) {
        probe_streak_ = 0;
        return;
    }
    if (++probe_streak_ < (success ? config.rise : config.fall)) return;
    probes_up_ = success;
    probe_streak_ = 0;
    if (!success) return;
    // A server that probes found down and then up again has restarted: its earlier failures no longer count.
    passive_ = Passive::in;
    failures_ = 0;
    times_ = 1;
    up_since_ = now;
}

bool HealthState::timed_out(TimePoint since, TimePoint now) {
    // Requests sent one after the other time out together too; a time-out a second later no longer belongs to them.
    constexpr Duration kBatch = std::chrono::seconds(1);
    const bool first = since >= timed_out_at_ || now - timed_out_at_ >= kBatch;
    if (first) timed_out_at_ = now;
    return first;
}

bool HealthState::request_failed(const EjectionConfig& config, bool may_eject, TimePoint now) {
    ++failures_;
    if (passive_ == Passive::out) return false;
    const bool again = passive_ == Passive::trial;
    if (!again && (config.failures == 0 || failures_ < config.failures || !may_eject)) return false;
    eject(config.duration, now);
    return true;
}

void HealthState::eject(Duration duration, TimePoint now) {
    // An endpoint that has worked for as long as the longest ejection starts anew.
    if (passive_ == Passive::in && up_since_ && now - *up_since_ >= kLongest * duration) times_ = 1;
    ejected_until_ = now + times_ * duration;
    times_ = std::min(2 * times_, kLongest);
    passive_ = Passive::out;
}

void HealthState::request_succeeded(TimePoint now) {
    failures_ = 0;
    if (passive_ == Passive::in || (passive_ == Passive::out && !panic_)) return;
    passive_ = Passive::in;
    up_since_ = now;
}

void HealthState::tick(TimePoint now) {
    if (passive_ == Passive::out && now >= ejected_until_) passive_ = Passive::trial;
    if (!hand_ || !hand_->until || now < *hand_->until) return;
    if (hand_->action == HandAction::eject) passive_ = Passive::trial;
    set_hand(std::nullopt, now);
}

void HealthState::set_hand(std::optional<HandSetting> setting, TimePoint now) {
    const bool was_drained = drained();
    hand_ = std::move(setting);
    if (was_drained && !drained()) up_since_ = now;
}

Intake HealthState::intake(Duration slow_start, TimePoint now) const {
    Intake intake;
    intake.open = available() || (panic_ && !drained());
    intake.trial = passive_ == Passive::trial && !panic_;
    if (starts_slowly(slow_start, now)) {
        // A thread that has not looked at the clock since may ask as of a little before it came up.
        const Duration up = std::max(now - *up_since_, Duration::zero());
        const double grown = kFirstShare + (1 - kFirstShare) * seconds(up) / seconds(slow_start);
        intake.share = std::clamp(kShareStep * static_cast<int>(grown / kShareStep), kFirstShare, 1.0);
    }
    if (hand_ && hand_->action == HandAction::weight) intake.share *= hand_->weight;
    return intake;
}

}  // namespace weir::upstream
