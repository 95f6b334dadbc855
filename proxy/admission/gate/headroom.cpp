#include "admission/gate/headroom.hpp"

#include <algorithm>

namespace weir::admission {

double Headroom::of(Priority priority, TimePoint now) const {
    const auto active = [now](const std::optional<TimePoint>& seen) {
        return seen && now < *seen + law::kHeadroomActive;
    };
    const auto better =
        std::count_if(seen_.begin(), seen_.begin() + static_cast<std::ptrdiff_t>(rank(priority)), active);
    return std::min(law::kMaxHeadroom, law::kHeadroomPerLevel * static_cast<double>(better));
}

std::optional<TimePoint> Headroom::next_lapse(TimePoint now) const {
    std::optional<TimePoint> next;
    for (const auto& seen : seen_) {
        if (seen && now < *seen + law::kHeadroomActive && (!next || *seen + law::kHeadroomActive < *next))
            next = *seen + law::kHeadroomActive;
    }
    return next;
}

}  // namespace weir::admission
