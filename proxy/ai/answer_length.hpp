#pragma once
// The usual length of a backend's answers in LLM tokens: what is reserved for a request that sets no bound.
//
// A decaying mean, kept within bounds. Any thread; of two concurrent updates one may be lost.

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
