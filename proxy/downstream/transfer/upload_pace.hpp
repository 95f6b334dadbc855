#pragma once
// How long a client may take to send a request's body: no pause between two pieces exceeds `body_timeout`, and after
// the first such period it must average `body_rate`, so that a byte now and then cannot keep what a request holds.

#include <algorithm>
#include <cstdint>

#include "base/time.hpp"
#include "downstream/config.hpp"

namespace weir::downstream {

class UploadPace {
public:
    UploadPace(const ConnectionLimits& limits, TimePoint began)
        : timeout_(limits.body_timeout), rate_(limits.body_rate), began_(began), heard_(began) {}

    // Bytes have arrived.
    void took(std::uint64_t bytes, TimePoint now) {
        bytes_ += bytes;
        heard_ = now;
    }
    // Excuses the time in which the client could not send, because its data was not accepted.
    void excuse(Duration time, TimePoint now) {
        began_ += time;
        heard_ = now;
    }
    [[nodiscard]] TimePoint deadline() const {
        const TimePoint pause = heard_ + timeout_;
        if (rate_ == 0) return pause;
        return std::min(pause,
                        began_ + timeout_ + from_seconds(static_cast<double>(bytes_) / static_cast<double>(rate_)));
    }

private:
    Duration timeout_;
    std::uint64_t rate_;  // bytes per second; 0: none required
    TimePoint began_;
    TimePoint heard_;
    std::uint64_t bytes_ = 0;
};

}  // namespace weir::downstream
