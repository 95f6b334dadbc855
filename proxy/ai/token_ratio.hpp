#pragma once
// How many LLM tokens a prompt of so many bytes comes to, learned from what a backend says in `usage`.
//
// It starts with four bytes a token, the rule of thumb for English text with JSON around it, and stays between one byte
// and sixteen. A long prompt teaches more than a short one, but none more than a sixteenth of the way: one with a
// picture in it must not make all others look small.
//
// Any thread. Of two that teach at once one may be lost, which costs nothing.

#include <atomic>
#include <cstdint>

namespace weir::ai {

class TokenRatio {
public:
    [[nodiscard]] std::uint32_t estimate(std::uint64_t bytes) const;
    void learn(std::uint64_t bytes, std::uint32_t tokens);

    [[nodiscard]] double tokens_per_byte() const { return ratio_.load(std::memory_order_relaxed); }
    // Estimated tokens over those that were told, lately; 1 before any were.
    [[nodiscard]] double accuracy() const;

private:
    std::atomic<double> ratio_{0.25};
    // Decaying sums, of what was estimated and what was told.
    std::atomic<double> estimated_{0};
    std::atomic<double> told_{0};
};

}  // namespace weir::ai
