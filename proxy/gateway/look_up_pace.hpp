#pragma once
// When a name is looked up again: when its records end, after a failure twice as late each time, and within two seconds
// while its backend has no other endpoint to use.

#include <algorithm>
#include <chrono>

#include "base/time.hpp"

namespace weir::gateway {

class LookUpPace {
public:
    void answered(TimePoint now, Duration ttl) {
        pause_ = kFirstRetry;
        again_ = due_ = now + std::clamp(ttl, kSoonest, kLatest);
    }
    void failed(TimePoint now) {
        due_ = now + pause_;
        again_ = now + kWhileDown;
        pause_ = std::min(pause_ * 2, kLastRetry);
    }

    // `is_down`: none of the backend's endpoints is available.
    [[nodiscard]] bool is_due(TimePoint now, bool is_down) const { return now >= due_ || (is_down && now >= again_); }
    // When to ask is_due() next.
    [[nodiscard]] TimePoint next(TimePoint now) const { return std::min(due_, std::max(again_, now + kWhileDown)); }

private:
    static constexpr Duration kSoonest = std::chrono::seconds(1);
    static constexpr Duration kLatest = std::chrono::minutes(5);
    static constexpr Duration kFirstRetry = std::chrono::milliseconds(500);
    static constexpr Duration kLastRetry = std::chrono::seconds(30);
    static constexpr Duration kWhileDown = std::chrono::seconds(2);

    Duration pause_ = kFirstRetry;
    TimePoint due_{};
    TimePoint again_{};  // while the backend is down
};

}  // namespace weir::gateway
