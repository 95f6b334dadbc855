#pragma once
// Latencies in constant memory: buckets that grow with the value, so that every quantile is within 0.8 % of the truth.
//
// A value's bucket is its highest set bit and the seven bits below it, as in HdrHistogram.

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>

namespace weir::bench {

// Not thread-safe.
class Histogram {
public:
    void record(std::uint64_t value) {
        ++counts_[bucket(value)];
        ++total_;
        max_ = std::max(max_, value);
    }

    // The value below which the share `q` (0 to 1) of what was recorded lies; 0 when nothing was recorded.
    [[nodiscard]] std::uint64_t quantile(double q) const {
        auto left = static_cast<std::uint64_t>(q * static_cast<double>(total_));
        for (std::size_t i = 0; i < counts_.size(); ++i) {
            if (counts_[i] > left) return std::min(max_, upper_edge(i));
            left -= counts_[i];
        }
        return max_;
    }

    [[nodiscard]] std::uint64_t max() const { return max_; }
    [[nodiscard]] std::uint64_t total() const { return total_; }

private:
    static constexpr int kBits = 7;

    static std::size_t bucket(std::uint64_t value) {
        const int shift = std::max(0, 63 - std::countl_zero(value | 1) - kBits);
        return (static_cast<std::size_t>(shift) << kBits) + static_cast<std::size_t>(value >> shift);
    }
    static std::uint64_t upper_edge(std::size_t index) {
        if (index < (2U << kBits)) return index;
        const std::size_t shift = (index >> kBits) - 1;
        return ((index - (shift << kBits) + 1) << shift) - 1;
    }

    std::array<std::uint64_t, static_cast<std::size_t>(64 - kBits + 1) << kBits> counts_{};
    std::uint64_t total_ = 0;
    std::uint64_t max_ = 0;
};

}  // namespace weir::bench
