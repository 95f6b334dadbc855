#include "ai/token_ratio.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace weir::ai {
namespace {

constexpr double kMin = 1.0 / 16;
constexpr double kMax = 1;
constexpr double kFullLesson = 16 * 1024;  // bytes
constexpr double kLargestStep = 1.0 / 16;
constexpr double kSmallestStep = 1.0 / 256;

}  // namespace

std::uint32_t TokenRatio::estimate(std::uint64_t bytes) const {
    const double tokens = std::ceil(static_cast<double>(bytes) * tokens_per_byte());
    return static_cast<std::uint32_t>(std::min<double>(tokens, std::numeric_limits<std::int32_t>::max()));
}

void TokenRatio::learn(std::uint64_t bytes, std::uint32_t tokens) {
    if (bytes == 0 || tokens == 0) return;
    const double step = kLargestStep * std::min(1.0, static_cast<double>(bytes) / kFullLesson);
    const auto decay = [](std::atomic<double>& sum, double more) {
        sum.store(sum.load(std::memory_order_relaxed) * (1 - kLargestStep) + more, std::memory_order_relaxed);
    };
    decay(estimated_, estimate(bytes));
    decay(reported_, tokens);
    const double ratio = tokens_per_byte();
    const double reported = std::clamp(tokens / static_cast<double>(bytes), kMin, kMax);
    ratio_.store(ratio + std::max(step, kSmallestStep) * (reported - ratio), std::memory_order_relaxed);
}

double TokenRatio::accuracy() const {
    const double reported = reported_.load(std::memory_order_relaxed);
    return reported > 0 ? estimated_.load(std::memory_order_relaxed) / reported : 1;
}

}  // namespace weir::ai
