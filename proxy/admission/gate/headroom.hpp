#pragma once
// Headroom: the share of every endpoint that worse classes leave free, so that a better one finds a slot at once.
//
//   headroom(p) = 15 % for each priority better than p that had a request in the last 60 s, at most 20 %
//
// The best active priority keeps none, and a class that is alone can use everything.
// Not thread-safe: the judge's lock covers it.

#include <array>
#include <optional>

#include "admission/config.hpp"
#include "base/time.hpp"

namespace weir::admission {

class Headroom {
public:
    // A request of this priority is within its limits and is to be served.
    void observe(Priority priority, TimePoint now) { observed_[rank(priority)] = now; }

    // 0 to law::kMaxHeadroom.
    [[nodiscard]] double of(Priority priority, TimePoint now) const;

    // The next instant at which some priority counts as quiet if nothing arrives: heads may fit then that did not.
    [[nodiscard]] std::optional<TimePoint> next_lapse(TimePoint now) const;

private:
    [[nodiscard]] static constexpr std::size_t rank(Priority priority) { return static_cast<std::size_t>(priority); }

    std::array<std::optional<TimePoint>, kPriorityCount> observed_{};
};

}  // namespace weir::admission
