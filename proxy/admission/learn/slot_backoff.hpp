#pragma once
// How far worse classes back off from S while the best class's first tokens come late: S may be more than the engine
// takes at once, or its KV cache less than the policy says. What does not fit waits inside, where no order of Weir's
// helps anyone.
//
//   late     in a period of a second or more, 5 first tokens of the best class or more:
//            their median is 3 % of the slo later than usual for the prompts that were pending, and takes twice as long
//   if so    worse classes have S = n - the waiting that is not usual, mean of the period: in an engine that is full,
//            that is what it takes
//   if not   that S x 1.03, until it is the policy's again
//
// Usual is what pace.hpp learns while none is late. What stays late becomes usual in the end: each late period asks for
// 2 % more. Not thread-safe: the judge's lock covers it.

#include <cstdint>
#include <limits>

#include "admission/learn/pace.hpp"
#include "admission/learn/samples.hpp"
#include "base/time.hpp"

namespace weir::admission {

class SlotBackoff {
public:
    // A first token of the best class came `waited` after its dispatch, when `ahead` LLM tokens of prompts were
    // pending, including its own. Now `inflight` requests are in flight, `waiting` of them without a first token.
    struct FirstToken {
        Duration waited{};
        std::uint64_t ahead = 0;
        std::uint32_t inflight = 0;
        double waiting = 0;
    };
    void first_token(const FirstToken& seen, Duration slo, TimePoint now);

    // S for worse classes, where it is `limit` for the best.
    [[nodiscard]] std::uint32_t of(std::uint32_t limit) const {
        return slots_ < limit ? static_cast<std::uint32_t>(slots_) : limit;
    }

private:
    void end_period(Duration slo, TimePoint now);

    double slots_ = std::numeric_limits<double>::infinity();
    Pace usual_;        // as long as none was late
    Samples excess_;    // seconds more than usual
    Samples ratios_;    // times the usual
    double taken_ = 0;  // sum over the period's first tokens
    double patience_ = 1;
    bool late_ = false;  // the last period was
    TimePoint period_start_{};
};

}  // namespace weir::admission
