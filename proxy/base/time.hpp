#pragma once
// The one clock that decides anything. It is monotonic: a wall clock that jumps changes log timestamps and nothing
// else. Only net/, gateway/ and cli/ read it; everything else is given `now`.

#include <chrono>

namespace weir {

using Clock = std::chrono::steady_clock;
using TimePoint = Clock::time_point;
using Duration = Clock::duration;

// A length of time as seconds, for formulas and metrics.
[[nodiscard]] constexpr double seconds(Duration length) { return std::chrono::duration<double>(length).count(); }

// Seconds as a length of time, truncated to the clock's nanosecond.
[[nodiscard]] constexpr Duration from_seconds(double length) {
    return std::chrono::duration_cast<Duration>(std::chrono::duration<double>(length));
}

}  // namespace weir
