#include "admission/learn/limit_learner.hpp"

#include <gtest/gtest.h>

#include "support/virtual_time.hpp"

namespace weir::admission {
namespace {

constexpr TimePoint kNow = test::kStart;

// An endpoint on which every request sees the same.
struct Endpoint {
    explicit Endpoint(LearnConfig config = {.start = 32, .most = 512}) : learner(config, kNow) {}

    // A second in which twenty prompts get their first token after `waited`; says what S is then.
    std::uint32_t second(Duration waited, std::uint32_t prompt = 100, std::uint32_t inflight = 0,
                         Duration per_token = 10ms) {
        for (int i = 0; i < 20; ++i) {
            now += 50ms;
            learner.first_token(waited, prompt);
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

TEST(Samples, KnowTheirMedian) {
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
    EXPECT_EQ(endpoint.second(10ms), 40U);
    EXPECT_EQ(endpoint.second(10ms), 50U);
    endpoint.learner.note_refusing(false, endpoint.now);
    EXPECT_EQ(endpoint.second(10ms), 50U);
}

TEST(LimitLearner, CutsWhenFirstTokensComeLaterThanTheirPromptsExplain) {
    Endpoint endpoint;
    EXPECT_EQ(endpoint.second(150ms), 29U);  // 150 ms are over a tenth of 1 s
}

TEST(LimitLearner, DoesNotBlameTheEngineForLongPrompts) {
    Endpoint endpoint;
    endpoint.learner.note_refusing(true, kNow);
    // 10,000 tokens a second: a prompt of 4,000 takes 400 ms by itself.
    EXPECT_EQ(endpoint.second(400ms, 4'000), 40U);
}

TEST(LimitLearner, CutsWhenTokensComeSlowerThanPromised) {
    Endpoint endpoint({.start = 32, .most = 512, .per_token_slo = 20ms});
    EXPECT_EQ(endpoint.second(10ms, 100, 0, 19ms), 32U);
    EXPECT_EQ(endpoint.second(10ms, 100, 0, 25ms), 29U);
}

TEST(LimitLearner, HoldsAfterACutUntilTheCountHasFollowed) {
    Endpoint endpoint;
    EXPECT_EQ(endpoint.second(150ms, 100, 32), 29U);
    EXPECT_EQ(endpoint.second(150ms, 100, 32), 29U);  // those that run cannot vanish
    EXPECT_EQ(endpoint.second(150ms, 100, 29), 26U);
    for (int i = 0; i < 4; ++i) endpoint.second(150ms, 100, 32);
    EXPECT_EQ(endpoint.limit, 26U);
    EXPECT_EQ(endpoint.second(150ms, 100, 32), 23U);  // five seconds are enough
}

TEST(LimitLearner, GrowsSlowlyAfterItsFirstCut) {
    Endpoint endpoint({.start = 100, .most = 512});
    endpoint.learner.note_refusing(true, kNow);
    EXPECT_EQ(endpoint.second(150ms), 90U);
    EXPECT_EQ(endpoint.second(10ms), 93U);
}

TEST(LimitLearner, StaysWithinItsBounds) {
    Endpoint endpoint({.start = 32, .least = 4, .most = 48});
    endpoint.learner.note_refusing(true, kNow);
    for (int i = 0; i < 10; ++i) endpoint.second(10ms);
    EXPECT_EQ(endpoint.limit, 48U);
    for (int i = 0; i < 100; ++i) endpoint.second(900ms);
    EXPECT_EQ(endpoint.limit, 4U);
    endpoint.learner.reconfigure({.start = 32, .least = 8, .most = 16});
    EXPECT_EQ(endpoint.learner.limit(), 8U);
}

TEST(LimitLearner, WaitsForTenSamples) {
    Endpoint endpoint;
    for (int i = 0; i < 9; ++i) endpoint.learner.first_token(500ms, 100);
    EXPECT_EQ(endpoint.learner.update(0, kNow + 10s), 32U);
    endpoint.learner.first_token(500ms, 100);
    EXPECT_EQ(endpoint.learner.update(0, kNow + 10s), 29U);
}

}  // namespace
}  // namespace weir::admission
