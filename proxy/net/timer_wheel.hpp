#pragma once
// Deadlines at the cost of a store.
//
// One wheel per loop. A timer moved to a later instant stays in its slot: only the instant is written, and the wheel
// checks it again when the slot comes round. Nearly every deadline on the data path moves that way (each request pushes
// the connection's deadline out), so setting one touches no list. Timers fire up to one tick late, never early.
//
// Varghese and Lauck, "Hashed and Hierarchical Timing Wheels", scheme 6, with the lazy move added. Not thread-safe.

#include <array>
#include <boost/intrusive/list.hpp>
#include <cstdint>
#include <optional>

#include "base/time.hpp"
#include "net/waker.hpp"

namespace weir::net {

class TimerWheel;

// Wakes its target at an instant. Removes itself from its wheel when destroyed.
class Timer {
public:
    // REQUIRES: `target` outlives the timer.
    Timer(TimerWheel& wheel, Wakeable& target) : wheel_(wheel), target_(target) {}
    Timer(const Timer&) = delete;
    Timer& operator=(const Timer&) = delete;

    // Fires at `when`, replacing any earlier setting.
    void set(TimePoint when);
    void clear() { when_ = TimePoint::max(); }
    [[nodiscard]] TimePoint when() const { return when_; }

    using Hook = boost::intrusive::list_member_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>>;
    Hook hook_;  // used by the wheel only

private:
    friend class TimerWheel;
    TimerWheel& wheel_;
    Wakeable& target_;
    TimePoint when_ = TimePoint::max();
    std::uint64_t tick_ = 0;  // of the slot it is in, while it is in one
};

class TimerWheel {
public:
    static constexpr Duration kTick = std::chrono::milliseconds(4);

    explicit TimerWheel(TimePoint now) : start_(now) {}

    // Wakes the targets of all timers due at `now`.
    void advance(TimePoint now);
    // When advance() is next worth calling; empty while no timer is set.
    [[nodiscard]] std::optional<TimePoint> next() const;

private:
    friend class Timer;
    using Slot = boost::intrusive::list<Timer, boost::intrusive::member_hook<Timer, Timer::Hook, &Timer::hook_>,
                                        boost::intrusive::constant_time_size<false>>;
    static constexpr std::uint64_t kSlots = 2048;

    void insert(Timer& timer);
    [[nodiscard]] std::uint64_t tick_of(TimePoint when) const;
    void visit(Slot& slot, TimePoint now);

    TimePoint start_;
    std::uint64_t current_ = 0;  // the last visited tick
    std::array<Slot, kSlots> slots_;
    std::array<std::uint64_t, kSlots / 64> occupied_{};  // a bit per slot; may be set for a slot that has become empty
};

}  // namespace weir::net
