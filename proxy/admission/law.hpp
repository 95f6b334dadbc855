#pragma once
// The numbers of the law, on one sheet, and the names of its parts.
//
// None of them is in the policy, so that operators need not tune them. docs/decisions.md says where they come from;
// `bench/simulation --ablate` shows what happens without each part.

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/time.hpp"

namespace weir::admission {

using namespace std::chrono_literals;

namespace law {

// A client with more than this share of its class's requests in flight queues behind the others of its class. The class
// counts as having at least `kMinInflight`, so that the first client of a quiet class is not over its share at once.
inline constexpr double kClientShare = 0.10;
inline constexpr std::uint32_t kMinInflight = 16;

// Clients are reassigned to cohorts every hour, each at its own offset within the hour.
inline constexpr std::uint32_t kCohorts = 4096;
inline constexpr Duration kCohortTime = 1h;

// The best class that sends requests has none while it is served in full: it is served by arrival until it has itself
// refused a request for overload, and again so long after the last one.
inline constexpr Duration kCalmAfter = 60s;

// Headroom that is kept for better classes: for each better priority with a recent request, and at most.
inline constexpr double kHeadroomPerLevel = 0.15;
inline constexpr double kMaxHeadroom = 0.20;
inline constexpr Duration kHeadroomActive = 60s;

// More of it where many prompts are pending: what worse classes decode makes the steps longer in which a better one's
// prompt is computed. So much of the mean over kPipeTime of pending prompts, in multiples of what one step takes
// (kPromptShare of PF), at most one.
inline constexpr double kPipeHeadroom = 0.3;
inline constexpr Duration kPipeTime = 5s;

// The share of the engine's KV cache that prompts may fill: the rest is for what streams add until some of them end.
inline constexpr double kContextShare = 0.95;

// Before a worse class's prompt is let in, so much of what the answers in flight usually still come to counts as if it
// were there. Not all of it: some of them end before others have grown.
inline constexpr double kGrowth = 0.85;

// LLM tokens of prompts without a first token, on one endpoint. A class that keeps headroom gets only a share of that:
// once a worse class's prompt has been sent, the engine computes it before a better one's, whatever the queue's order.
// The share equals what engines take in one step (vLLM's max_num_batched_tokens: 2048); it shrinks, down to half, as
// better classes make up more of what is in flight.
inline constexpr std::uint32_t kPromptTokens = 16'384;
inline constexpr double kPromptShare = 0.125;
inline constexpr double kMinPromptShare = 0.0625;

// The first token of an answer that is not streamed cannot be observed. Its prompt counts as done when a request that
// was sent after it has answered, or after the time that its endpoint usually takes for it, within these bounds.
inline constexpr Duration kMinUnseenPrompt = 50ms;
inline constexpr Duration kUnseenPrompt = 1s;

// How many requests one round of eviction ends, as a share of those in flight (at least one); and how much of its
// allowed wait the waiting request must have used before it starts.
inline constexpr double kEvictAtOnce = 0.05;
inline constexpr double kEvictAfter = 0.5;

// A first token may take so long where no class has an slo for it, as far as limits are learned from it.
inline constexpr Duration kUsualSlo = 2s;

// Requests that may bypass the queue of one backend at once.
inline constexpr std::uint32_t kMaxBypassing = 256;

// A request that a quota goes on to refuse, this often, while it accepts others is not sent again.
inline constexpr std::uint32_t kRefusedAlone = 8;

}  // namespace law

// What an ablation can remove from the law, to show what it is for.
enum class Part : std::uint8_t {
    over,
    retry,
    cohort,
    calm,  // without it, clients have cohorts even in a best class that refuses none
    headroom,
    backoff,
    pipe,
    context,
    growth,
    prompt,
    unseen,  // without it, each prompt whose end cannot be observed is pending for kUnseenPrompt
    queue_timeout,
    bound,
    guarantee,
};
inline constexpr auto kPartNames =
    std::to_array<std::string_view>({"over", "retry", "cohort", "calm", "headroom", "backoff", "pipe", "context",
                                     "growth", "prompt", "unseen", "queue_timeout", "bound", "guarantee"});

[[nodiscard]] constexpr std::optional<Part> part_named(std::string_view name) {
    for (std::size_t i = 0; i < kPartNames.size(); ++i) {
        if (kPartNames[i] == name) return static_cast<Part>(i);
    }
    return std::nullopt;
}

// The parts that are in force: all of them, except in an ablation.
class Parts {
public:
    [[nodiscard]] constexpr bool has(Part part) const { return (missing_ & bit(part)) == 0; }
    constexpr void remove(Part part) { missing_ |= bit(part); }

private:
    static constexpr std::uint32_t bit(Part part) { return 1U << static_cast<unsigned>(part); }
    std::uint32_t missing_ = 0;
};

}  // namespace weir::admission
