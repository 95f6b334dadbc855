#include "lab/simulate/baselines/wait_queue.hpp"

namespace weir::simulate {

void WaitQueue::add(Visit& visit, std::uint64_t rank, TimePoint expires) {
    visit.ticket = arrivals_++;
    visit.rank = rank;
    visit.expires = expires;
    order_.insert({visit.rank, visit.ticket, &visit});
    expiries_.insert({visit.expires, visit.ticket, &visit});
}

void WaitQueue::remove(Visit& visit) {
    order_.erase({visit.rank, visit.ticket, &visit});
    expiries_.erase({visit.expires, visit.ticket, &visit});
}

Visit* WaitQueue::expired(TimePoint now) const {
    if (expiries_.empty() || std::get<TimePoint>(*expiries_.begin()) > now) return nullptr;
    return std::get<Visit*>(*expiries_.begin());
}

std::optional<TimePoint> WaitQueue::next_expiry() const {
    if (expiries_.empty()) return std::nullopt;
    return std::get<TimePoint>(*expiries_.begin());
}

}  // namespace weir::simulate
