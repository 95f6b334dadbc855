// Limits that are learned from the time of answers.

#include <gtest/gtest.h>

#include "lab/simulate/baselines/aimd.hpp"
#include "lab/simulate/baselines/auto_tuner.hpp"
#include "lab/simulate/baselines/cinnamon.hpp"
#include "lab/simulate/baselines/gradient.hpp"
#include "lab/simulate/baselines/gradient2.hpp"
#include "unit/lab/simulate/door.hpp"

namespace weir::simulate {
namespace {

using namespace std::chrono_literals;
using test::Door;
using test::runs;

template <typename Rule>
class Limits {
public:
    explicit Limits(double slots, std::string_view words = "", std::span<const Setting> table = Rule::settings())
        : rule_(slots, read(table, words), clock.now()) {}

    // Answers that took that long each, one every 10 ms, with the limit in full use.
    void answers(int count, Duration latency) {
        for (int i = 0; i < count; ++i) {
            rule_.sample(latency, static_cast<std::uint32_t>(rule_.limit()), clock.advance(10ms));
        }
    }
    [[nodiscard]] double limit() const { return rule_.limit(); }
    Rule& rule() { return rule_; }

    test::VirtualClock clock;

private:
    static Settings read(std::span<const Setting> table, std::string_view words) {
        Settings settings(table);
        EXPECT_FALSE(settings.read(words));
        return settings;
    }
    Rule rule_;
};

TEST(Aimd, IsCutOnceInAWindowAndRisesByOneForEachLimitOfAnswersInTime) {
    Limits<Aimd> aimd(100, "target=1,factor=0.5,window=1");
    aimd.answers(50, 2s);
    EXPECT_DOUBLE_EQ(aimd.limit(), 50);
    aimd.answers(60, 2s);
    EXPECT_DOUBLE_EQ(aimd.limit(), 25);
    aimd.answers(25, 500ms);
    EXPECT_NEAR(aimd.limit(), 26, 0.1);
}

TEST(Aimd, DoesNotRiseWhileItIsBarelyUsed) {
    Limits<Aimd> aimd(100);
    for (int i = 0; i < 1000; ++i) aimd.rule().sample(10ms, 10, aimd.clock.advance(10ms));
    EXPECT_DOUBLE_EQ(aimd.limit(), 100);
}

TEST(Gradient, MeasuresAnIdleEngineFirstAndThenRises) {
    Limits<Gradient> gradient(100);
    EXPECT_DOUBLE_EQ(gradient.limit(), 3);
    gradient.answers(49, 5ms);
    EXPECT_DOUBLE_EQ(gradient.limit(), 3);
    gradient.answers(101, 5ms);
    EXPECT_GT(gradient.limit(), 20);
}

TEST(Gradient, SinksWhenAnswersTakeLongerThanTheBufferAllows) {
    Limits<Gradient> gradient(100, "buffer=0.5");
    gradient.answers(550, 5ms);
    const double before = gradient.limit();
    gradient.answers(50, 7ms);  // within half as much again
    EXPECT_GE(gradient.limit(), before);
    gradient.answers(100, 30ms);
    EXPECT_LT(gradient.limit(), before / 2);
}

TEST(Gradient, MeasuresAgainAfterAMinute) {
    Limits<Gradient> gradient(100);
    gradient.answers(1'000, 5ms);
    EXPECT_GT(gradient.limit(), 3);
    gradient.clock.advance(60s);
    gradient.answers(1, 5ms);
    EXPECT_DOUBLE_EQ(gradient.limit(), 3);
}

TEST(Gradient2, FollowsTheRatioOfLongAndShortTimes) {
    Limits<Gradient2> gradient(100);
    gradient.answers(2'000, 100ms);
    const double calm = gradient.limit();
    EXPECT_GT(calm, 100);
    gradient.answers(400, 140ms);  // within the tolerance
    EXPECT_GE(gradient.limit(), calm);
    const double tolerated = gradient.limit();
    gradient.answers(1'000, 400ms);
    EXPECT_LT(gradient.limit(), tolerated / 2);
}

TEST(Gradient2, HoldsWhileLessThanHalfIsUsed) {
    Limits<Gradient2> gradient(100);
    for (int i = 0; i < 1000; ++i) gradient.rule().sample(10ms, 10, gradient.clock.advance(10ms));
    EXPECT_DOUBLE_EQ(gradient.limit(), 100);
}

TEST(AutoTuner, SinksWhileTheTailIsFarAboveItsTarget) {
    Limits<AutoTuner> tuner(100, "tolerance=1", CinnamonController::settings());
    tuner.answers(500, 100ms);
    const double calm = tuner.limit();
    EXPECT_GT(calm, 100);
    tuner.answers(2'000, 300ms);
    EXPECT_LT(tuner.limit(), calm - 10);
}

TEST(Limiter, RefusesEveryClassBeyondItsLimit) {
    Door door("aimd:target=1,factor=0.5");
    simulate::Visit& late = door.arrive(admission::Priority::sheddable);
    for (int i = 0; i < 3; ++i) EXPECT_TRUE(runs(door.arrive()));
    EXPECT_EQ(door.arrive(admission::Priority::critical).ruling.reason, Reason::queue_full);
    EXPECT_EQ(door.controller->gauges(door.clock.now()).limit, 4);
    door.clock.advance(2s);
    door.first_token(late);
    EXPECT_EQ(door.controller->gauges(door.clock.now()).limit, 2);
    door.finish(late);
    EXPECT_FALSE(runs(door.arrive()));
}

TEST(Limiter, TakesTimesToTheLastTokenIfConfigured) {
    Door door("aimd:target=1,factor=0.5,whole_answer=1");
    simulate::Visit& visit = door.arrive();
    door.clock.advance(2s);
    door.first_token(visit);
    EXPECT_EQ(door.controller->gauges(door.clock.now()).limit, 4);
    door.finish(visit);
    EXPECT_EQ(door.controller->gauges(door.clock.now()).limit, 2);
}

}  // namespace
}  // namespace weir::simulate
