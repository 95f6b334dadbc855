#pragma once
// How fast an endpoint is, learned from what it did: a request takes
//
//   a x LLM tokens of prompts pending at its dispatch, its own included  +  b x LLM tokens of its answer
//
// A first token is one token; an answer that came as a whole is all of its tokens, so that a and b are known also where
// nothing is streamed. Least squares of the relative error: short times count as much as long ones. Older observations
// fade, so that the load of the moment shows. Requests that are all alike do not tell a from b: what they leave open is
// as in the engine that is assumed at first, made as fast as this one (ridge regression: A. Hoerl and R. Kennard,
// 1970).
//
// Not thread-safe: the judge's lock covers it.

#include <cstdint>

#include "base/time.hpp"

namespace weir::admission {

class Pace {
public:
    // `took` of zero or less is ignored.
    void learn(std::uint64_t pending, std::uint32_t tokens, Duration took);

    // Seconds per LLM token of prompts, and of answers; before anything is known, those of a mid-size GPU.
    struct Costs {
        double prompt_token = 0;
        double answer_token = 0;
    };
    [[nodiscard]] Costs costs() const;

private:
    // The engine that is assumed at first: one observation of its prompts, and one of its answers.
    static constexpr double kPromptRate = 16'000;  // LLM tokens a second
    static constexpr double kAnswerRate = 30;

    // Sums over observations, with x and z their tokens per second of the time that they took.
    double xx_ = kPromptRate * kPromptRate;
    double xz_ = 0;
    double zz_ = kAnswerRate * kAnswerRate;
    double x_ = kPromptRate;
    double z_ = kAnswerRate;
};

}  // namespace weir::admission
