#include "admission/learn/samples.hpp"

#include <algorithm>

namespace weir::admission {

void Samples::add(double value) {
    values_[size_ % kMax] = static_cast<float>(value);
    ++size_;
}

double Samples::median() const {
    std::array<float, kMax> sorted = values_;
    const auto middle = sorted.begin() + static_cast<std::ptrdiff_t>(std::min(size_, kMax) / 2);
    std::nth_element(sorted.begin(), middle, sorted.begin() + static_cast<std::ptrdiff_t>(std::min(size_, kMax)));
    return *middle;
}

}  // namespace weir::admission
