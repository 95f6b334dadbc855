#pragma once
// Learns R, the requests a second that a provider's quota lets pass, and paces requests by it.
//
//   pace     a bucket of 20 ms of R, so that a timer that fires late loses nothing
//   round    at least 32 requests or 4 refusals, and their outcomes; the next round starts with the new R, so that no
//            refusal counts twice
//   s        the share of the round that was refused
//   R        x (1 - s + p), with p = 2 %. So R follows what passes (R (1 - s)), and p settles to be the share that is
//            refused: the quota's bucket is then empty at most times, and nothing of it is lost
//   s = 0    five rounds in a row: R grows faster, by p, 2p, 4p ... up to a quarter, because the quota has grown
//
// A round in which R kept too few requests waiting says nothing about the quota, and does not raise R.
//
// At first there is no rate: all requests pass. The first refusal sets R to what has been accepted in the last second;
// then R doubles every half second until the next refusal.
//
// The rule is the weighted up-down method (C. Kaernbach, 1991), which settles where the wanted share of trials fails,
// applied to rounds rather than to single requests, since outcomes come late.
//
// Not thread-safe: the judge's lock covers it.

#include <cstdint>
#include <optional>

#include "base/time.hpp"

namespace weir::admission {

class QuotaRate {
public:
    // The share of requests that is refused once R has settled: p.
    static constexpr double kRefused = 0.02;

    // Requests a second; nothing before the first refusal.
    [[nodiscard]] std::optional<double> rate() const { return rate_ > 0 ? std::optional(rate_) : std::nullopt; }
    // When the pace allows the next request.
    [[nodiscard]] TimePoint next() const { return next_; }

    // R is what was sent in the last second, without the request that was refused, and doubles from there. To be called
    // for the first refusal, and for each of a request that was sent before that was known.
    void start(std::uint64_t last, TimePoint now);
    // R was measured. `last`: the number of the latest request.
    void set(double rate, std::uint64_t last, TimePoint now);
    // R was measured over a window of the quota: it grows by p at most until lift(), and then by a tenth, a fifth ...
    void keep();
    void lift();
    // Requests are numbered from 1, in the order in which they are sent.
    void sent(std::uint64_t number, TimePoint now);
    void refused(std::uint64_t number, TimePoint sent, TimePoint now);
    // Evaluates a round whose outcomes are known. `outcome`: how long a refusal takes to come.
    void update(Duration outcome, TimePoint now);
    // From now on requests and refusals count for no round, until set() is called.
    void suspend();

    // Time in which R kept no request waiting.
    [[nodiscard]] Duration idle() const { return idle_; }

private:
    void start_round(std::uint64_t first);
    void adjust(double share);
    [[nodiscard]] bool is_over() const;

    double rate_ = 0;
    TimePoint next_{};
    Duration idle_{};
    bool suspended_ = false;
    bool doubling_ = false;
    TimePoint doubled_{};
    double ceiling_ = 0;  // of R, see keep(); 0: none
    double ceiling_step_ = 0;

    // Requests sent within the second that runs, and the one before it.
    TimePoint second_start_{};
    std::uint64_t this_second_ = 0;
    std::uint64_t last_second_ = 0;

    std::uint64_t last_ = 0;
    std::uint64_t first_ = 1;         // number of the round's first request
    std::uint64_t count_ = 0;         // of the round
    std::uint64_t paced_ = 0;         // of these, those that R kept waiting
    std::uint64_t refused_ = 0;       // of these
    std::optional<TimePoint> ended_;  // all are sent; outcomes are still to come
    unsigned clean_rounds_ = 0;       // in a row
};

}  // namespace weir::admission
