#pragma once
// What learners look at: the values of a period, and their median. Not thread-safe.

#include <array>
#include <cstddef>

namespace weir::admission {

// The latest values of something, at most 64 a period, and their median.
class Samples {
public:
    void add(double value);
    void clear() { size_ = 0; }
    [[nodiscard]] std::size_t size() const { return size_; }
    // REQUIRES: not empty.
    [[nodiscard]] double median() const;

private:
    static constexpr std::size_t kMax = 64;
    std::array<float, kMax> values_{};
    std::size_t size_ = 0;  // all values added in this period
};

}  // namespace weir::admission
