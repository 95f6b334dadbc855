#pragma once
// A clock that moves only when a test says so.

#include "base/time.hpp"

namespace weir::test {

// Some instant that is not the clock's epoch, where unset time points lie.
inline constexpr TimePoint kStart{std::chrono::hours(100)};

class VirtualClock {
public:
    [[nodiscard]] TimePoint now() const { return now_; }
    TimePoint advance(Duration by) { return now_ += by; }
    // REQUIRES: not earlier than now().
    TimePoint advance_to(TimePoint instant) { return now_ = instant; }

private:
    TimePoint now_ = kStart;
};

}  // namespace weir::test
