#pragma once
// A token bucket: how many requests a second a key may send, and how large a burst it may save up while quiet.
//
// It is the Generic Cell Rate Algorithm in its virtual scheduling form (ATM Forum Traffic Management 4.0, section 4.4
// and annex C): the whole state is one instant, the theoretical arrival time TAT, at which the bucket would be full
// again. Nothing ticks: an idle key costs nothing, and the tokens on hand are computed when asked for.
//
//   T = 1 / rate     whole = burst * T     missing(now) = max(TAT, now) - now
//   take n:  if missing + n T <= whole then TAT = max(TAT, now) + n T, else refuse and change nothing
//
// Where it differs from the source: n cells at once, and an n above the burst counts as the burst, so that a large
// request waits for a full bucket instead of forever.
//
// Refunds are rare. A caller that takes from several buckets checks them all first and takes afterwards; a later refund
// would credit tokens that the bucket has regained by itself, unless it has not been full in between.
//
// Not thread-safe: the judge's lock covers it.

#include "admission/config.hpp"
#include "base/time.hpp"

namespace weir::admission {

// A bucket's rate and burst expressed as times; shared by all buckets of one limit.
class BucketRate {
public:
    // REQUIRES: per_second > 0, burst >= 1.
    explicit BucketRate(const RateConfig& config);

    [[nodiscard]] Duration cost(double tokens) const;        // to earn them; at most whole()
    [[nodiscard]] Duration time_for(double tokens) const;    // to earn them, however many
    [[nodiscard]] Duration whole() const { return whole_; }  // from empty to full
    [[nodiscard]] double tokens(Duration length) const;      // earned in that time
    [[nodiscard]] double burst() const { return tokens(whole_); }

private:
    Duration per_token_;  // T, rounded up to the nanosecond: a burst of n is exactly n tokens, the rate never exceeded
    Duration whole_;
};

class TokenBucket {
public:
    // Full.
    TokenBucket() = default;
    // Full again at `full_at`.
    explicit TokenBucket(TimePoint full_at) : full_at_(full_at) {}

    // How long until `tokens` are on hand; zero if they are now.
    [[nodiscard]] Duration wait(const BucketRate& rate, double tokens, TimePoint now) const;
    [[nodiscard]] bool would_take(const BucketRate& rate, double tokens, TimePoint now) const;
    // Takes `tokens` if they are on hand, and returns whether it did. `now` may stand still or step back a little:
    // nothing is earned then.
    [[nodiscard]] bool try_take(const BucketRate& rate, double tokens, TimePoint now);
    // Takes `tokens` that have been spent already, on hand or not: a shortfall is a debt, of at most an hour.
    void charge(const BucketRate& rate, double tokens, TimePoint now);
    // Gives back what was overcharged. REQUIRES: the bucket has not been full since.
    void refund(const BucketRate& rate, double tokens);

    // The tokens missing from a full bucket; more than the burst when in debt.
    [[nodiscard]] double missing(const BucketRate& rate, TimePoint now) const;
    // The tokens on hand, and their share of the burst, 0 to 1.
    [[nodiscard]] double level(const BucketRate& rate, TimePoint now) const;
    [[nodiscard]] double fill(const BucketRate& rate, TimePoint now) const;
    [[nodiscard]] bool is_full(TimePoint now) const { return full_at_ <= now; }
    [[nodiscard]] TimePoint full_at() const { return full_at_; }

    // Moves to another rate; the bucket is as full as before, as a share of its burst.
    void rescale(const BucketRate& from, const BucketRate& to, TimePoint now);

private:
    TimePoint full_at_{};  // TAT
};

}  // namespace weir::admission
