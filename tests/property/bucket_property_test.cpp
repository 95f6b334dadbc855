// Token buckets: over every interval a key gets exactly its burst and what the interval earns, no more, no less.

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <vector>

#include "admission/rate_limit/token_bucket.hpp"
#include "support/judges.hpp"
#include "support/virtual_time.hpp"

namespace weir::test {
namespace {

using admission::BucketRate;
using admission::RateConfig;
using admission::TokenBucket;

struct Taken {
    TimePoint at;
    double tokens;
};

// Checks all intervals that begin and end with a grant.
void check_conservation(const std::vector<Taken>& taken, const RateConfig& config) {
    for (std::size_t first = 0; first < taken.size(); ++first) {
        double sum = 0;
        for (std::size_t last = first; last < taken.size(); ++last) {
            sum += taken[last].tokens;
            RC_ASSERT(sum <= config.burst + config.per_second * seconds(taken[last].at - taken[first].at) + 1e-6);
        }
    }
}

rc::Gen<RateConfig> any_rate() {
    return rc::gen::build<RateConfig>(
        rc::gen::set(&RateConfig::per_second, rc::gen::map(rc::gen::inRange(1, 2000), [](int n) { return n / 7.0; })),
        rc::gen::set(&RateConfig::burst, rc::gen::map(rc::gen::inRange(1, 40), [](int n) { return 1.0 * n; })));
}

RC_GTEST_PROP(BucketProperty, NeverGivesMoreThanItsRateOverAnyInterval, ()) {
    const RateConfig config = *any_rate();
    const BucketRate rate(config);
    TokenBucket bucket;
    TimePoint now = kStart;
    std::vector<Taken> taken;
    for (const auto& [wait, tokens] : *rc::gen::container<std::vector<std::pair<std::uint16_t, std::uint8_t>>>(
             rc::gen::pair(rc::gen::arbitrary<std::uint16_t>(), rc::gen::inRange<std::uint8_t>(1, 60)))) {
        now += wait * 10us;
        const Duration until = bucket.wait(rate, tokens, now);
        RC_ASSERT(until >= Duration::zero() && until <= rate.whole());
        RC_ASSERT(bucket.try_take(rate, tokens, now) == (until == Duration::zero()));
        if (until == Duration::zero()) taken.push_back({now, std::min<double>(tokens, config.burst)});
        RC_ASSERT(bucket.fill(rate, now) >= 0 && bucket.fill(rate, now) <= 1);
    }
    check_conservation(taken, config);
}

RC_GTEST_PROP(BucketProperty, AClientGetsNoMoreThanItsRateWhateverTheTableForgets, ()) {
    const RateConfig config = *any_rate();
    auto judged = make_config({make_class(0)}, {1000});
    judged.classes[0].config.per_client.requests = config;
    judged.client_table = 8;
    admission::Judge judge(judged, kStart);
    admission::Changes changes;
    TimePoint now = kStart;
    std::vector<std::vector<Taken>> taken(20);
    for (const auto& [client, wait] : *rc::gen::container<std::vector<std::pair<std::uint8_t, std::uint16_t>>>(
             rc::gen::pair(rc::gen::inRange<std::uint8_t>(0, 20), rc::gen::arbitrary<std::uint16_t>()))) {
        now += wait * 1us;
        admission::Place place;
        judge.arrive(place, make_ask(0, client), now, changes);
        if (place.standing() != admission::Standing::running) continue;
        taken[client].push_back({now, 1});
        judge.finish(place, now, changes);
    }
    for (const auto& of_client : taken) check_conservation(of_client, config);
}

}  // namespace
}  // namespace weir::test
