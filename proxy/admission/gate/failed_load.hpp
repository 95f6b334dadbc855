#pragma once
// The load of requests that failed, as if they had been served: an endpoint that fails in a millisecond is always idle,
// and a choice of the emptiest endpoint would send it nearly everything.
//
// A failed request goes on counting for about the time that a good answer takes, less the time that it did take. It
// counts in the comparison of endpoints alone, never against a limit, so that it refuses no request. The count fades
// exponentially with that time as its constant: the sum over time is the same as if each had stayed for exactly that
// time, without a list of them.
//
// Not thread-safe: the judge's lock covers it.

#include <cstdint>

#include "base/time.hpp"

namespace weir::admission {

// What good answers of a backend take, as moving averages.
class GoodTimes {
public:
    void learn(Duration answer, Duration first_token);

    [[nodiscard]] Duration answer() const { return answer_; }
    [[nodiscard]] Duration first_token() const { return first_token_; }

private:
    Duration answer_ = std::chrono::seconds(1);  // until there has been one
    Duration first_token_ = std::chrono::seconds(1);
    std::uint32_t count_ = 0;
};

class FailedLoad {
public:
    // A request that was in flight for `took` failed. `limit` bounds the sum: twice as much as the endpoint takes.
    void add(std::uint32_t prompt_tokens, Duration took, const GoodTimes& good, std::uint32_t limit);
    void fade(const GoodTimes& good, TimePoint now);

    [[nodiscard]] double requests() const { return requests_; }
    [[nodiscard]] double context() const { return context_; }  // LLM tokens
    [[nodiscard]] double prompts() const { return prompts_; }  // LLM tokens without a first token

private:
    double requests_ = 0;
    double context_ = 0;
    double prompts_ = 0;
    TimePoint faded_at_{};
};

}  // namespace weir::admission
