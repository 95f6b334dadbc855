#pragma once
// A time that a provider names, such as `retry-after`, and whether it has been right before.
//
// Some providers name the very instant; others round up to a second where a hundredth would do, or name when a quota is
// full again rather than when it takes the next request. So a hint is believed only after it has been right twice in a
// row: a request was refused although a quarter of the named time had passed. One request that is accepted earlier than
// the hint said makes it a guess again.
//
// Not thread-safe: the judge's lock covers it.

#include <algorithm>

#include "base/time.hpp"

namespace weir::admission {

class BelievedHint {
public:
    // A longer time is cut: a hint must not stop an endpoint for long.
    static constexpr Duration kLongest = std::chrono::seconds(60);

    void given(Duration length, TimePoint now) {
        if (length <= Duration::zero()) return;
        length = std::min(length, kLongest);
        // Repeated while it is in force, it is the same hint, perhaps more exact.
        if (now >= until_) since_ = now;
        until_ = now + length;
    }
    // A request was refused that was sent while the hint was in force.
    void refused(TimePoint sent) {
        if (sent >= until_ || 4 * (sent - since_) < until_ - since_) return;
        right_ = std::min(right_ + 1, kBelieved);
    }
    // A request was accepted that was sent at that time.
    void accepted(TimePoint sent) {
        if (sent > since_ && sent < until_) right_ = 0;
    }

    [[nodiscard]] bool believed() const { return right_ >= kBelieved; }
    [[nodiscard]] TimePoint until() const { return until_; }

private:
    static constexpr int kBelieved = 2;
    TimePoint since_{};
    TimePoint until_{};
    int right_ = 0;
};

}  // namespace weir::admission
