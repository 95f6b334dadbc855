#pragma once
// The mean of a value over about the last `span`, older times fading. Not thread-safe: the judge's lock covers it.

#include <algorithm>

#include "base/time.hpp"

namespace weir::admission {

class Average {
public:
    explicit Average(Duration span) : span_(seconds(span)) {}

    // From now on it is `value`.
    void set(double value, TimePoint now) {
        mean_ = of(now);
        value_ = value;
        since_ = now;
    }
    [[nodiscard]] double of(TimePoint now) const {
        const double time = std::max(seconds(now - since_), 0.0);
        return mean_ + (value_ - mean_) * time / (time + span_);
    }

private:
    double span_;
    double mean_ = 0;
    double value_ = 0;
    TimePoint since_{};
};

}  // namespace weir::admission
