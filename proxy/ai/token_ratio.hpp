#pragma once
// The LLM tokens of a prompt by its bytes, learned from a backend's `usage`.
//
// It starts with four bytes per token, the rule of thumb for English text with JSON around it, and stays between one
// byte and sixteen. A long prompt teaches more than a short one, but at most a sixteenth of the way: one prompt with a
// picture in it must not make all others look small.
//
// Any thread. Of two concurrent updates one may be lost, which does no harm.

#include <atomic>
#include <cstdint>

namespace weir::ai {

class TokenRatio {
public:
    [[nodiscard]] std::uint32_t estimate(std::uint64_t bytes) const;
    void learn(std::uint64_t bytes, std::uint32_t tokens);

    [[nodiscard]] double tokens_per_byte() const { return ratio_.load(std::memory_order_relaxed); }
    // Recent estimated tokens relative to those reported; 1 before any were reported.
    [[nodiscard]] double accuracy() const;

private:
    std::atomic<double> ratio_{0.25};
    // Decaying sums of the estimated and the reported tokens.
    std::atomic<double> estimated_{0};
    std::atomic<double> reported_{0};
};

}  // namespace weir::ai
