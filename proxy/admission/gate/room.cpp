#include "admission/gate/room.hpp"

#include <algorithm>

namespace weir::admission {

double Room::of(Priority priority, TimePoint now) const {
    const auto active = [now](const std::optional<TimePoint>& seen) { return seen && now < *seen + kActive; };
    const auto better =
        std::count_if(seen_.begin(), seen_.begin() + static_cast<std::ptrdiff_t>(rank(priority)), active);
    return std::min(kMost, kPerLevel * static_cast<double>(better));
}

std::optional<TimePoint> Room::next_lapse(TimePoint now) const {
    std::optional<TimePoint> next;
    for (const auto& seen : seen_) {
        if (seen && now < *seen + kActive && (!next || *seen + kActive < *next)) next = *seen + kActive;
    }
    return next;
}

}  // namespace weir::admission
