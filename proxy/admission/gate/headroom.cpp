#include "admission/gate/headroom.hpp"

#include <algorithm>

namespace weir::admission {

double Headroom::of(Priority priority, TimePoint now) const {
    const auto active = [now](const std::optional<TimePoint>& last) {
        return last && now < *last + law::kHeadroomActive;
    };
    const auto better =
        std::count_if(observed_.begin(), observed_.begin() + static_cast<std::ptrdiff_t>(rank(priority)), active);
    return std::min(law::kMaxHeadroom, law::kHeadroomPerLevel * static_cast<double>(better));
}

std::optional<TimePoint> Headroom::next_lapse(TimePoint now) const {
    std::optional<TimePoint> next;
    for (const auto& last : observed_) {
        if (last && now < *last + law::kHeadroomActive && (!next || *last + law::kHeadroomActive < *next))
            next = *last + law::kHeadroomActive;
    }
    return next;
}

}  // namespace weir::admission
