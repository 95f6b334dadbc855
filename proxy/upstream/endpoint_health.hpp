#pragma once
// Decides how much one endpoint takes: counts and instants, no I/O.
//
// Three sources must agree that it takes requests: active probes, with hysteresis (`fall` failures in a row, `rise`
// successes); the requests themselves; and the operator. Enough failed requests eject it for a while. Then it is on
// trial, one request at a time, until one succeeds; a failure on trial ejects it for twice as long, up to eight times
// the configured duration. Back from any of this, its share of the load rises from a tenth to all of it (slow start).
//
// Not thread-safe; Endpoint locks.

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "base/intake.hpp"
#include "base/time.hpp"
#include "upstream/config.hpp"

namespace weir::upstream {

enum class HandAction : std::uint8_t {
    drain,   // no new requests
    eject,   // the same, and then it is on trial
    weight,  // a share of the load
};

// What an operator has set for an endpoint, until an instant or until it is cleared.
struct HandSetting {
    HandAction action = HandAction::drain;
    double weight = 1;  // above 0
    std::optional<TimePoint> until;
    std::string why;

    // `drain`, `weight 50%`
    [[nodiscard]] std::string text() const;
};

class HealthState {
public:
    // The outcome of an active probe.
    void probed(bool success, const HealthConfig& config, TimePoint now);
    // A request had no answer in time, though the endpoint had it since `since` and has given no answer meanwhile.
    // Returns whether that is one more failure: among requests that it had at the same time only the first is.
    [[nodiscard]] bool timed_out(TimePoint since, TimePoint now);
    // A request failed. Returns true when that ejects the endpoint: never when `may_eject` is false, except on trial.
    bool request_failed(const EjectionConfig& config, bool may_eject, TimePoint now);
    void request_succeeded(TimePoint now);
    void eject(Duration duration, TimePoint now);
    // Whether its name has an address.
    void located(bool has_address) { has_address_ = has_address; }
    // There are no probes any more, so their last result must not stand forever.
    void forget_probes() { probes_up_ = true; }
    void set_hand(std::optional<HandSetting> setting, TimePoint now);
    // All endpoints look sick, and this one serves all the same.
    void set_panic(bool panic) { panic_ = panic; }
    [[nodiscard]] bool in_panic() const { return panic_; }
    // Ends what is due: an ejection becomes a trial, an operator's setting is over.
    void tick(TimePoint now);

    // It is thought to work; on trial it may.
    [[nodiscard]] bool available() const { return has_address_ && probes_up_ && passive_ != Passive::out && !drained(); }
    // `slow_start`: 0 for none.
    [[nodiscard]] Intake intake(Duration slow_start, TimePoint now) const;
    [[nodiscard]] bool starts_slowly(Duration slow_start, TimePoint now) const {
        return slow_start > Duration::zero() && up_since_ && now - *up_since_ < slow_start;
    }
    [[nodiscard]] std::uint32_t failures() const { return failures_; }
    [[nodiscard]] bool probes_up() const { return probes_up_; }
    // Out, or on trial.
    [[nodiscard]] bool ejected() const { return passive_ != Passive::in; }
    [[nodiscard]] bool on_trial() const { return passive_ == Passive::trial; }
    // By an operator.
    [[nodiscard]] bool drained() const { return hand_ && hand_->action != HandAction::weight; }
    [[nodiscard]] const std::optional<HandSetting>& hand() const { return hand_; }

private:
    enum class Passive : std::uint8_t { in, out, trial };

    bool probes_up_ = true;  // until a probe says otherwise: a slow first probe at the start refuses no request
    bool has_address_ = true;  // until a look-up says otherwise
    bool panic_ = false;
    Passive passive_ = Passive::in;
    std::uint32_t failures_ = 0;      // of requests, in a row
    std::uint32_t probe_streak_ = 0;  // probes in a row that contradict probes_up_
    std::uint32_t times_ = 1;         // of the configured duration: how long the next ejection is
    TimePoint ejected_until_{};
    TimePoint timed_out_at_{};           // the last one that counted
    std::optional<TimePoint> up_since_;  // when it came back; nothing: it has never been away
    std::optional<HandSetting> hand_;
};

}  // namespace weir::upstream
