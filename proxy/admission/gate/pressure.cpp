#include "admission/gate/pressure.hpp"

#include <chrono>

namespace weir::admission {
namespace {

constexpr Duration kHalf = std::chrono::milliseconds(500);

}  // namespace

double PressureWindow::observe(double pressure, TimePoint now) {
    if (now >= half_began_ + kHalf) {
        last_half_ = now < half_began_ + 2 * kHalf ? this_half_ : 0;
        this_half_ = 0;
        half_began_ = now;
    }
    this_half_ = std::max(this_half_, pressure);
    return std::max(this_half_, last_half_);
}

}  // namespace weir::admission
