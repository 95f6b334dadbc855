#include "admission/gate/room.hpp"

#include <algorithm>

namespace weir::admission {

double Room::of(Priority priority, TimePoint now) const {
    const auto active = [now](const std::optional<TimePoint>& seen) { return seen && now < *seen + law::kRoomActive; };
    const auto better =
        std::count_if(seen_.begin(), seen_.begin() + static_cast<std::ptrdiff_t>(rank(priority)), active);
    return std::min(law::kRoomMost, law::kRoomPerLevel * static_cast<double>(better));
}

std::optional<TimePoint> Room::next_lapse(TimePoint now) const {
    std::optional<TimePoint> next;
    for (const auto& seen : seen_) {
        if (seen && now < *seen + law::kRoomActive && (!next || *seen + law::kRoomActive < *next))
            next = *seen + law::kRoomActive;
    }
    return next;
}

}  // namespace weir::admission
