#pragma once
// Requests that wait, in order, each until its timeout.
//
// Uses the visit's ticket, rank and expires. Not thread-safe.

#include <cstdint>
#include <optional>
#include <set>
#include <tuple>

#include "lab/simulate/controller.hpp"

namespace weir::simulate {

class WaitQueue {
public:
    // Smaller ranks first, equals by arrival. REQUIRES: not in a queue.
    void add(Visit& visit, std::uint64_t rank, TimePoint expires);
    // REQUIRES: in this queue.
    void remove(Visit& visit);

    // The one to serve next; null if the queue is empty.
    [[nodiscard]] Visit* first() const { return order_.empty() ? nullptr : std::get<Visit*>(*order_.begin()); }
    // One whose timeout has passed; null if there is none.
    [[nodiscard]] Visit* expired(TimePoint now) const;
    [[nodiscard]] std::optional<TimePoint> next_expiry() const;
    [[nodiscard]] std::size_t size() const { return order_.size(); }

private:
    using Place = std::tuple<std::uint64_t, std::uint64_t, Visit*>;
    using Expiry = std::tuple<TimePoint, std::uint64_t, Visit*>;
    std::set<Place> order_;
    std::set<Expiry> expiries_;
    std::uint64_t arrivals_ = 0;
};

}  // namespace weir::simulate
