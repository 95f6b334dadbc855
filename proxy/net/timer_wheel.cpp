#include "net/timer_wheel.hpp"

#include <algorithm>
#include <bit>

namespace weir::net {

void Timer::set(TimePoint when) {
    const bool later = when >= when_ && hook_.is_linked();
    when_ = when;
    if (later || when == TimePoint::max()) return;
    if (hook_.is_linked()) {
        if (wheel_.tick_of(when) >= tick_) return;
        hook_.unlink();
    }
    wheel_.insert(*this);
}

std::uint64_t TimerWheel::tick_of(TimePoint when) const {
    if (when <= start_) return 0;
    return static_cast<std::uint64_t>((when - start_ + kTick - Duration(1)) / kTick);  // rounded up: never early
}

void TimerWheel::insert(Timer& timer) {
    // A timer beyond the wheel's range waits in the last slot and is placed again from there.
    timer.tick_ = std::clamp(tick_of(timer.when_), current_ + 1, current_ + kSlots - 1);
    const std::uint64_t slot = timer.tick_ % kSlots;
    slots_[slot].push_back(timer);
    occupied_[slot / 64] |= std::uint64_t{1} << (slot % 64);
}

void TimerWheel::visit(Slot& slot, TimePoint now) {
    Slot due;
    due.swap(slot);
    while (!due.empty()) {
        Timer& timer = due.front();
        due.pop_front();
        if (timer.when_ == TimePoint::max()) continue;
        if (timer.when_ > now) {
            insert(timer);
            continue;
        }
        timer.when_ = TimePoint::max();
        timer.target_.wake();
    }
}

void TimerWheel::advance(TimePoint now) {
    if (now < start_) return;
    const auto target = static_cast<std::uint64_t>((now - start_) / kTick);
    // After a long sleep every slot is visited once, not once per round.
    if (target > current_ + kSlots) current_ = target - kSlots;
    while (current_ < target) {
        ++current_;
        const std::uint64_t slot = current_ % kSlots;
        const std::uint64_t bit = std::uint64_t{1} << (slot % 64);
        if ((occupied_[slot / 64] & bit) == 0) continue;
        occupied_[slot / 64] &= ~bit;
        visit(slots_[slot], now);
    }
}

std::optional<TimePoint> TimerWheel::next() const {
    for (std::uint64_t ahead = 1; ahead < kSlots;) {
        const std::uint64_t slot = (current_ + ahead) % kSlots;
        const std::uint64_t rest = occupied_[slot / 64] >> (slot % 64);
        if (rest == 0) {
            ahead += 64 - slot % 64;
            continue;
        }
        ahead += static_cast<std::uint64_t>(std::countr_zero(rest));
        if (ahead >= kSlots) break;
        return start_ + static_cast<Duration::rep>(current_ + ahead) * kTick;
    }
    return std::nullopt;
}

}  // namespace weir::net
