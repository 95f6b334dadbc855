#pragma once
// The time to the first token of an endpoint's last answers, for finding one that is much slower than the others.
//
// Threading: any thread.

#include <array>
#include <cstddef>
#include <mutex>
#include <optional>

#include "base/time.hpp"

namespace weir::upstream {

class FirstTokens {
public:
    // A median of fewer says nothing, and older answers say nothing about now.
    static constexpr std::size_t kFewest = 16;
    static constexpr Duration kWindow = std::chrono::seconds(60);

    void add(Duration time, TimePoint now);
    // Of the answers in the window; nothing when they are too few.
    [[nodiscard]] std::optional<Duration> median(TimePoint now) const;
    void clear();

private:
    struct Sample {
        Duration time{};
        TimePoint at{};
    };
    mutable std::mutex mutex_;
    std::array<Sample, 64> samples_{};
    std::size_t next_ = 0;
    std::size_t count_ = 0;
};

}  // namespace weir::upstream
