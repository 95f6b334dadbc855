#pragma once
// How many LLM tokens an answer of a backend usually has: what is reserved for one whose request sets no bound.
//
// A decaying mean, and within bounds whatever comes. Any thread; of two that teach at once one may be lost.

#include <algorithm>
#include <atomic>
#include <cstdint>

namespace weir::ai {

class AnswerLength {
public:
    [[nodiscard]] std::uint32_t usual() const {
        return static_cast<std::uint32_t>(mean_.load(std::memory_order_relaxed));
    }

    void learn(std::uint32_t tokens) {
        constexpr double kPart = 1.0 / 32;
        const double mean = mean_.load(std::memory_order_relaxed);
        mean_.store(mean + kPart * (std::clamp<double>(tokens, kMin, kMax) - mean), std::memory_order_relaxed);
    }

private:
    static constexpr double kMin = 16;
    static constexpr double kMax = 16'384;

    std::atomic<double> mean_{256};
};

}  // namespace weir::ai
