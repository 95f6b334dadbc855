#pragma once
// How full a backend has been over the last second: the largest value observed, kept for two half seconds.
//
// A single instant says little: an engine's slots come and go with every step. Values are taken only when a caller
// asks, so the maximum is over values that callers acted on.

#include <algorithm>

#include "base/time.hpp"

namespace weir::admission {

class PressureWindow {
public:
    // Notes a value, and returns the largest of the last half to whole second.
    double observe(double pressure, TimePoint now);

private:
    double this_half_ = 0;
    double last_half_ = 0;
    TimePoint half_began_{};
};

}  // namespace weir::admission
