// What a QuotaLearner makes of a hidden quota: nearly all of it is used, and few requests are refused, for any quota
// and any seed. And whatever is reported to it, it never stops for good.

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <random>
#include <tuple>
#include <vector>

#include "support/quota_provider.hpp"

namespace weir::test {
namespace {

constexpr Duration kWarmUp = 60s;
constexpr Duration kMeasured = 120s;

// The worlds are random, but the same in every run: what is learned of some quotas, one in thousands, takes longer.
constexpr std::uint32_t kWorlds = 20;

class AnyWorld {
public:
    explicit AnyWorld(std::uint32_t seed) : random_(seed) {}

    std::uint32_t between(std::uint32_t least, std::uint32_t most) {
        return std::uniform_int_distribution<std::uint32_t>(least, most)(random_);
    }
    ProviderTimes times() {
        return {.way = std::chrono::milliseconds(between(1, 50)),
                .service = std::chrono::milliseconds(between(500, 4000)),
                .late_ms = static_cast<double>(between(0, 4))};
    }

private:
    std::mt19937 random_;
};

// `ideal`: requests a second that the quota lets pass.
void check(const QuotaRun& run, double ideal) {
    EXPECT_GE(static_cast<double>(run.accepted), 0.95 * ideal * seconds(kMeasured));
    EXPECT_LE(run.refused_share(), 0.05);
}

TEST(QuotaProperty, AQuotaOfARateIsUsedAndFewAreRefused) {
    for (std::uint32_t seed = 0; seed < kWorlds; ++seed) {
        SCOPED_TRACE(seed);
        AnyWorld any(seed);
        const double rate = any.between(5, 300);
        QuotaWorld world({.rate = rate, .burst = std::max(2.0, rate / any.between(5, 20))}, any.times(), seed,
                         {.max = 4'000});
        world.run(kWarmUp);
        check(world.run(kMeasured), rate);
    }
}

TEST(QuotaProperty, AQuotaOfRequestsAtOnceIsUsedAndFewAreRefused) {
    for (std::uint32_t seed = 0; seed < kWorlds; ++seed) {
        SCOPED_TRACE(seed);
        AnyWorld any(seed);
        const std::uint32_t at_once = any.between(16, 200);
        const ProviderTimes times = any.times();
        QuotaWorld world({.at_once = at_once}, times, seed);
        world.run(2 * kWarmUp);
        // A slot is empty while its answer and the next request are on their way.
        check(world.run(kMeasured), at_once / seconds(times.service + 2 * times.way));
    }
}

TEST(QuotaProperty, AQuotaThatComesInWindowsIsUsedAndFewAreRefused) {
    for (std::uint32_t seed = 0; seed < kWorlds; ++seed) {
        SCOPED_TRACE(seed);
        AnyWorld any(seed);
        const std::uint32_t limit = any.between(240, 3'000);
        QuotaWorld world({.per_window = limit}, any.times(), seed);
        world.run(8 * kWarmUp);
        check(world.run(kMeasured), limit / 60.0);
    }
}

TEST(QuotaProperty, AQuotaThatDoublesOrHalvesIsFollowedWithinAMinute) {
    for (std::uint32_t seed = 0; seed < kWorlds; ++seed) {
        SCOPED_TRACE(seed);
        AnyWorld any(seed);
        const double rate = any.between(40, 150);
        const double later = seed % 2 == 0 ? 2 * rate : rate / 2;
        QuotaWorld world({.rate = rate, .burst = rate / 10}, any.times(), seed, {.max = 4'000});
        world.run(kWarmUp);
        world.set_quota({.rate = later, .burst = later / 10});
        world.run(60s);
        check(world.run(kMeasured), later);
    }
}

TEST(QuotaProperty, ALimitAtOnceThatDoublesOrHalvesIsFollowedWithinTwoMinutes) {
    for (std::uint32_t seed = 0; seed < kWorlds; ++seed) {
        SCOPED_TRACE(seed);
        AnyWorld any(seed);
        const std::uint32_t at_once = any.between(16, 64);
        const std::uint32_t later = seed % 2 == 0 ? 2 * at_once : at_once / 2;
        const ProviderTimes times{.way = 5ms, .service = 1s};
        QuotaWorld world({.at_once = at_once}, times, seed);
        world.run(2 * kWarmUp);
        world.set_quota({.at_once = later});
        world.run(120s);
        check(world.run(kMeasured), later / seconds(times.service + 2 * times.way));
    }
}

// Any order of calls, with numbers that were never given and hints of any length.
RC_GTEST_PROP(QuotaProperty, SendsAgainSoonerOrLaterWhateverIsReported, ()) {
    admission::QuotaLearner learner({.start = *rc::gen::inRange(0U, 50U), .max = *rc::gen::inRange(1U, 600U)}, kStart);
    TimePoint now = kStart;
    using Step = std::tuple<int, std::uint64_t, int, int>;
    const auto steps = *rc::gen::container<std::vector<Step>>(
        rc::gen::tuple(rc::gen::inRange(0, 4), rc::gen::inRange(std::uint64_t{1}, std::uint64_t{60}),
                       rc::gen::inRange(-1'000'000, 1'000'000), rc::gen::inRange(0, 2'000)));
    for (const auto& [what, number, hint, later] : steps) {
        now += std::chrono::milliseconds(later);
        const QuotaReport report{
            .refused = what == 0,
            .retry_after = std::chrono::milliseconds(hint),
            .requests = {.limit = 10, .remaining = number % 3, .reset = std::chrono::seconds(hint)}};
        if (what == 0) learner.refused(number, report, now);
        if (what == 1) learner.answered(number, report, now);
        if (what >= 2 && learner.may_send(static_cast<std::uint32_t>(number), now)) {
            (void)learner.sent(static_cast<std::uint32_t>(number), now);
        }
        RC_ASSERT(learner.concurrency() >= 1U);
        RC_ASSERT(learner.rate().value_or(1) > 0);
        if (const auto next = learner.next_send()) RC_ASSERT(*next <= now + 61s);
    }
    RC_ASSERT(learner.may_send(0, now + 61s));
}

}  // namespace
}  // namespace weir::test
