#include "admission/learn/limit_learner.hpp"

#include <gtest/gtest.h>

#include "support/virtual_time.hpp"

namespace weir::admission {
namespace {

constexpr TimePoint kNow = test::kStart;

// An endpoint on which every request behaves the same.
struct Endpoint {
    explicit Endpoint(LearnConfig config = {.start = 32, .max = 512}) : learner(config, kNow) {}

    // A second in which twenty prompts get their first token after `waited`; returns S at its end.
    std::uint32_t second(Duration waited, std::uint32_t prompt = 100, std::uint32_t inflight = 0,
                         Duration per_token = 10ms) {
        for (int i = 0; i < 20; ++i) {
            now += 50ms;
            learner.first_token(waited, prompt, prompt);
            learner.finished(99 * per_token, 100);
            limit = learner.update(inflight, now);
        }
        now += 1ms;
        return limit = learner.update(inflight, now);
    }

    LimitLearner learner;
    TimePoint now = kNow;
    std::uint32_t limit = 0;
};

TEST(Samples, ReportTheirMedian) {
    Samples samples;
    for (const double value : {5.0, 1.0, 3.0}) samples.add(value);
    EXPECT_DOUBLE_EQ(samples.median(), 3);
    for (int i = 0; i < 1000; ++i) samples.add(7);
    EXPECT_DOUBLE_EQ(samples.median(), 7);
    samples.clear();
    samples.add(2);
    EXPECT_DOUBLE_EQ(samples.median(), 2);
}

TEST(LimitLearner, GrowsOnlyWhileTheSlotCheckRefuses) {
    Endpoint endpoint;
    EXPECT_EQ(endpoint.second(10ms), 32U);
    endpoint.learner.note_refusing(true, endpoint.now);
    EXPECT_EQ(endpoint.second(10ms), 35U);
    EXPECT_EQ(endpoint.second(10ms), 39U);
    endpoint.learner.note_refusing(false, endpoint.now);
    EXPECT_EQ(endpoint.second(10ms), 39U);
}

TEST(LimitLearner, CutsByHowMuchLaterFirstTokensComeThanTheirPromptsExplain) {
    EXPECT_EQ(Endpoint({.start = 200}).second(190ms), 200U);  // a fifth of 1 s is allowed
    EXPECT_EQ(Endpoint({.start = 200}).second(250ms), 193U);  // 3 % for each s: 1.25 of them
}

TEST(LimitLearner, CutsAtMostAFifth) {
    const LearnConfig config{.start = 200, .per_token_slo = 10ms};
    EXPECT_EQ(Endpoint(config).second(10ms, 100, 0, 40ms), 176U);
    EXPECT_EQ(Endpoint(config).second(10ms, 100, 0, 900ms), 160U);
}

TEST(LimitLearner, DoesNotBlameTheEngineForLongPrompts) {
    Endpoint endpoint;
    endpoint.learner.note_refusing(true, kNow);
    // 10,000 tokens a second: a prompt of 4,000 takes 400 ms by itself.
    EXPECT_EQ(endpoint.second(400ms, 4'000), 35U);
}

TEST(LimitLearner, DoesNotBlameTheEngineForEarlierPrompts) {
    LimitLearner learner({.start = 200}, kNow);
    learner.first_token(100ms, 1'000, 1'000);
    for (int i = 0; i < 20; ++i) learner.first_token(500ms, 10, 5'000);
    EXPECT_EQ(learner.update(0, kNow + 2s), 200U);
}

TEST(LimitLearner, CutsWhenTokensComeSlowerThanTheSlo) {
    Endpoint endpoint({.start = 100, .max = 512, .per_token_slo = 20ms});
    EXPECT_EQ(endpoint.second(10ms, 100, 0, 19ms), 100U);
    EXPECT_EQ(endpoint.second(10ms, 100, 0, 25ms), 96U);
}

TEST(LimitLearner, HoldsAfterACutUntilEnoughRequestsHaveEnded) {
    Endpoint endpoint({.start = 100});
    EXPECT_EQ(endpoint.second(400ms, 100, 100), 94U);
    EXPECT_EQ(endpoint.second(400ms, 100, 100), 94U);  // running requests cannot vanish
    EXPECT_EQ(endpoint.second(400ms, 100, 94), 88U);
    for (int i = 0; i < 4; ++i) endpoint.second(400ms, 100, 100);
    EXPECT_EQ(endpoint.limit, 88U);
    EXPECT_EQ(endpoint.second(400ms, 100, 100), 83U);  // five seconds are enough
}

TEST(LimitLearner, GoesBackQuicklyAndThenProbes) {
    Endpoint endpoint({.start = 100, .per_token_slo = 10ms});
    endpoint.learner.note_refusing(true, kNow);
    EXPECT_EQ(endpoint.second(10ms, 100, 0, 44ms), 87U);  // 13.2 %
    EXPECT_EQ(endpoint.second(10ms, 100, 0, 5ms), 95U);   // a tenth of it, below 90
    EXPECT_EQ(endpoint.second(10ms, 100, 0, 5ms), 96U);   // a hundredth
    EXPECT_EQ(endpoint.second(10ms, 100, 0, 5ms), 97U);
}

TEST(LimitLearner, StaysWithinItsBounds) {
    Endpoint endpoint({.start = 32, .min = 4, .max = 48, .per_token_slo = 10ms});
    endpoint.learner.note_refusing(true, kNow);
    for (int i = 0; i < 10; ++i) endpoint.second(10ms, 100, 0, 5ms);
    EXPECT_EQ(endpoint.limit, 48U);
    for (int i = 0; i < 100; ++i) endpoint.second(10ms, 100, 0, 900ms);
    EXPECT_EQ(endpoint.limit, 4U);
    endpoint.learner.reconfigure({.start = 32, .min = 8, .max = 16});
    EXPECT_EQ(endpoint.learner.limit(), 8U);
}

TEST(LimitLearner, WaitsForTenSamples) {
    Endpoint endpoint({.start = 200});
    for (int i = 0; i < 9; ++i) endpoint.learner.first_token(400ms, 100, 100);
    EXPECT_EQ(endpoint.learner.update(0, kNow + 10s), 200U);
    endpoint.learner.first_token(400ms, 100, 100);
    EXPECT_EQ(endpoint.learner.update(0, kNow + 10s), 188U);
}

}  // namespace
}  // namespace weir::admission
