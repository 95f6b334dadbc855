#pragma once
// Learns S, the number of requests an endpoint should have in flight, where the policy does not give it.
//
// How many slots an engine has cannot be observed from outside; what happens when it has too many requests can: first
// tokens come later than their prompts explain, and later tokens come slowly. So S grows while it is what keeps
// requests waiting and neither happens, and shrinks when either does (additive increase in effect, multiplicative
// decrease: D.-M. Chiu and R. Jain, 1989; here both multiply, because S spans three decades).
//
//   period   max(1 s, 2 x median first token, until there are 10 samples)
//   P_max    the fastest prompt observed, LLM tokens a second over prompts of 500 tokens or more; decays 1 % a period
//   s        max( median(first token - pending prompts / P_max) / (0.2 x best slo), median time per token / its slo )
//   s > 1    S x (1 - 0.03 s), at most by 0.2; then hold until n <= S, or 5 s: running streams do not vanish
//   s < 0.9  and the slot check alone kept the head waiting for more than half of the period:
//            S x 1.1, and x 1.01 from nine tenths of where the last cut was
//
// Prompts that were pending when a request was sent explain its wait just as its own prompt does: bounding them is the
// prompt limit's job, not S's. A fifth of the slo is what the queue timeout leaves for the engine.
//
// Not thread-safe: the judge's lock covers it.

#include <cstdint>

#include "admission/learn/samples.hpp"
#include "base/time.hpp"

namespace weir::admission {

using namespace std::chrono_literals;

struct LearnConfig {
    std::uint32_t start = 32;
    std::uint32_t min = 1;
    std::uint32_t max = 512;
    Duration first_token_slo = 1s;  // the shortest of the classes that the endpoint serves
    Duration per_token_slo{};       // the shortest, too; zero: none

    friend bool operator==(const LearnConfig&, const LearnConfig&) = default;
};

class LimitLearner {
public:
    LimitLearner(const LearnConfig& config, TimePoint now);

    [[nodiscard]] std::uint32_t limit() const;

    // The first token of a prompt came `waited` after its dispatch, when `ahead` LLM tokens of prompts were pending,
    // including its own.
    void first_token(Duration waited, std::uint32_t prompt_tokens, std::uint64_t ahead);
    // A stream delivered `tokens` LLM tokens within `time`, counted from the first of them.
    void finished(Duration time, std::uint32_t tokens);
    // Whether, from now on, the slot check alone keeps the head waiting.
    void note_refusing(bool refusing, TimePoint now);

    // Ends the period when it is over, and returns the limit in force. `inflight`: n.
    std::uint32_t update(std::uint32_t inflight, TimePoint now);

    // New bounds and slos; what was learned stays, clamped to them.
    void reconfigure(const LearnConfig& config);

private:
    [[nodiscard]] bool period_over(TimePoint now) const;
    // s: above 1, the endpoint has too many.
    [[nodiscard]] double strain() const;
    void adjust(std::uint32_t inflight, TimePoint now);
    void start_period(TimePoint now);
    void set_limit(double limit);

    LearnConfig config_;
    double limit_;
    double fastest_prompt_ = 0;  // P_max, tokens a second; 0: none yet
    Samples first_tokens_;       // seconds
    Samples delays_;             // seconds that the prompt does not explain
    Samples per_token_;          // seconds
    TimePoint period_start_;
    TimePoint refusing_since_{};
    Duration refused_{};  // time of the period in which the slot check refused
    TimePoint hold_until_{};
    bool refusing_ = false;
    bool holding_ = false;
    double cut_at_;  // where S was when it was last cut; infinite before that
};

}  // namespace weir::admission
