#pragma once
// The numbers of the law, on one sheet, and the names of its parts.
//
// None of them is in the policy: nobody should have to tune them. Where they come from is in ARCHITECTURE.md; what
// happens without a part is what `bench/simulation --ablate` shows.

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/time.hpp"

namespace weir::admission {

using namespace std::chrono_literals;

namespace law {

// A client with more than this share of its class's requests in flight stands behind the others of its class. So that a
// quiet class is not ruled by its first client, the class counts as at least `kMinInflight`.
inline constexpr double kClientShare = 0.25;
inline constexpr std::uint32_t kMinInflight = 16;

// Clients are dealt into cohorts anew every hour, each at a minute of its own.
inline constexpr std::uint32_t kCohorts = 4096;
inline constexpr Duration kCohortTime = 1h;

// Room that is kept for better classes: for each better priority that had a request lately, and at most.
inline constexpr double kHeadroomPerLevel = 0.15;
inline constexpr double kMaxHeadroom = 0.20;
inline constexpr Duration kHeadroomActive = 60s;

// Of the engine's KV cache: the rest is for what streams add until some end.
inline constexpr double kContextShare = 0.95;

// Prompts without a first token, on one endpoint. Where room is kept they get a share of that: a prompt of a worse
// class that has been sent is in front of a better one's, whatever the line says. The share comes to what engines take
// in one step (vLLM's max_num_batched_tokens: 2048); less of it, the more of what is in flight is better, down to half.
inline constexpr std::uint32_t kPromptTokens = 16'384;
inline constexpr double kPromptShare = 0.125;
inline constexpr double kPromptShareLeast = 0.0625;

// Of an answer that is not streamed nobody sees the first token. Its prompt counts as done when one that was sent after
// it has answered, or after this time.
inline constexpr Duration kUnseenPrompt = 1s;

// Evicted at once: this share of what is in flight, at least one, and only for somebody who has waited this share of
// the time that it can.
inline constexpr double kEvictAtOnce = 0.05;
inline constexpr double kEvictAfter = 0.5;

// Requests that bypass the queue, on one backend at once.
inline constexpr std::uint32_t kMaxBypassing = 256;

}  // namespace law

// What can be taken out of the law, to see what it is for.
enum class Part : std::uint8_t { over, retry, cohort, headroom, context, prompt, queue_timeout, bound, guarantee };
inline constexpr auto kPartNames = std::to_array<std::string_view>(
    {"over", "retry", "cohort", "headroom", "context", "prompt", "queue_timeout", "bound", "guarantee"});

[[nodiscard]] constexpr std::optional<Part> part_named(std::string_view name) {
    for (std::size_t i = 0; i < kPartNames.size(); ++i) {
        if (kPartNames[i] == name) return static_cast<Part>(i);
    }
    return std::nullopt;
}

// The parts that are in force: all of them, but in an ablation.
class Parts {
public:
    [[nodiscard]] constexpr bool has(Part part) const { return (missing_ & bit(part)) == 0; }
    constexpr void remove(Part part) { missing_ |= bit(part); }

private:
    static constexpr std::uint32_t bit(Part part) { return 1U << static_cast<unsigned>(part); }
    std::uint32_t missing_ = 0;
};

}  // namespace weir::admission
