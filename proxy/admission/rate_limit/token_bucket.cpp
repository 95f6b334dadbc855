#include "admission/rate_limit/token_bucket.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>

namespace weir::admission {
namespace {

// Longer than any policy intends; sums of two of these and a clock stay far from overflow.
constexpr double kLongest = 4e17;  // nanoseconds, twelve years

constexpr Duration kDeepestDebt = std::chrono::hours(1);

Duration bounded(double nanoseconds) { return Duration(static_cast<Duration::rep>(std::min(nanoseconds, kLongest))); }

Duration until_full(TimePoint full_at, TimePoint now) { return std::max(full_at, now) - now; }

}  // namespace

BucketRate::BucketRate(const RateConfig& config)
    : per_token_(bounded(std::ceil(1e9 / config.per_second))),
      whole_(bounded(config.burst * static_cast<double>(per_token_.count()))) {
    assert(config.per_second > 0 && config.burst >= 1);
}

Duration BucketRate::cost(double tokens) const {
    return std::min(whole_, bounded(tokens * static_cast<double>(per_token_.count())));
}

Duration BucketRate::time_for(double tokens) const { return bounded(tokens * static_cast<double>(per_token_.count())); }

double BucketRate::tokens(Duration length) const {
    return static_cast<double>(length.count()) / static_cast<double>(per_token_.count());
}

Duration TokenBucket::wait(const BucketRate& rate, double tokens, TimePoint now) const {
    return std::max(Duration::zero(), until_full(full_at_, now) + rate.cost(tokens) - rate.whole());
}

bool TokenBucket::would_take(const BucketRate& rate, double tokens, TimePoint now) const {
    return wait(rate, tokens, now) == Duration::zero();
}

bool TokenBucket::try_take(const BucketRate& rate, double tokens, TimePoint now) {
    if (!would_take(rate, tokens, now)) return false;
    full_at_ = std::max(full_at_, now) + rate.cost(tokens);
    return true;
}

void TokenBucket::charge(const BucketRate& rate, double tokens, TimePoint now) {
    const TimePoint deepest = now + rate.whole() + kDeepestDebt;
    full_at_ = std::max(full_at_, std::min(std::max(full_at_, now) + rate.time_for(tokens), deepest));
}

void TokenBucket::refund(const BucketRate& rate, double tokens) { full_at_ -= rate.time_for(tokens); }

double TokenBucket::missing(const BucketRate& rate, TimePoint now) const {
    return rate.tokens(until_full(full_at_, now));
}

double TokenBucket::level(const BucketRate& rate, TimePoint now) const {
    return std::max(0.0, rate.tokens(rate.whole() - until_full(full_at_, now)));
}

double TokenBucket::fill(const BucketRate& rate, TimePoint now) const { return level(rate, now) / rate.burst(); }

void TokenBucket::rescale(const BucketRate& from, const BucketRate& to, TimePoint now) {
    const double share = seconds(until_full(full_at_, now)) / seconds(from.whole());
    full_at_ = now + from_seconds(std::min(1.0, share) * seconds(to.whole()));
}

}  // namespace weir::admission
