#pragma once
// How full a backend has been over the last second: the largest that was seen, in two halves of it.
//
// An instant says little: an engine's slots come and go by the step. Who asks now and then gets what was seen when
// somebody asked, which is what somebody was served by.

#include <algorithm>

#include "base/time.hpp"

namespace weir::admission {

class PressureWindow {
public:
    // Notes a value, and says the largest of the last half to whole second.
    double saw(double pressure, TimePoint now);

private:
    double this_half_ = 0;
    double last_half_ = 0;
    TimePoint half_began_{};
};

}  // namespace weir::admission
