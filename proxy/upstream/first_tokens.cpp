#include "upstream/first_tokens.hpp"

#include <algorithm>

namespace weir::upstream {

void FirstTokens::add(Duration time, TimePoint now) {
    const std::lock_guard lock(mutex_);
    samples_[next_] = {time, now};
    next_ = (next_ + 1) % samples_.size();
    count_ = std::min(count_ + 1, samples_.size());
}

std::optional<Duration> FirstTokens::median(TimePoint now) const {
    std::array<Duration, std::tuple_size_v<decltype(samples_)>> times;
    std::size_t count = 0;
    {
        const std::lock_guard lock(mutex_);
        for (std::size_t i = 0; i < count_; ++i) {
            if (now - samples_[i].at < kWindow) times[count++] = samples_[i].time;
        }
    }
    if (count < kFewest) return std::nullopt;
    auto* const middle = times.begin() + count / 2;
    std::nth_element(times.begin(), middle, times.begin() + count);
    return *middle;
}

void FirstTokens::clear() {
    const std::lock_guard lock(mutex_);
    count_ = next_ = 0;
}

}  // namespace weir::upstream
