// The properties can fail: for each invariant there is a judge that breaks it, and how soon that is detected.

#include <gtest/gtest.h>

#include <string>

#include "property/judge_world.hpp"

namespace weir::test {
namespace {

using admission::Changes;
using admission::JudgeConfig;
using admission::Part;
using admission::Place;

// Whether random operations show that the judge is broken. The seed makes them the same in every run.
bool is_detected(const MakeJudge& make) {
    constexpr int kDays = 300;
    rc::Random random(20'26);
    for (int day = 0; day < kDays; ++day) {
        const Plan plan = any_plan()(random.split(), 50).value();
        const auto operations = any_operations()(random.split(), 100).value();
        try {
            JudgeWorld world(plan, make);
            for (const Operation& operation : flood()) world.play(operation);
            for (const Operation& operation : operations) world.play(operation);
        } catch (const rc::detail::CaseResult&) {
            return true;
        }
    }
    return false;
}

template <typename Broken>
bool is_detected() {
    return is_detected([](const JudgeConfig& config, TimePoint now) { return std::make_unique<Broken>(config, now); });
}

TEST(BrokenJudge, AnIntactJudgePasses) { EXPECT_FALSE(is_detected<TestedJudge>()); }

class WithoutPart : public testing::TestWithParam<Part> {};

TEST_P(WithoutPart, IsDetected) {
    const Part part = GetParam();
    EXPECT_TRUE(is_detected([part](JudgeConfig config, TimePoint now) {
        config.parts.remove(part);
        return std::make_unique<TestedJudge>(config, now);
    }));
}

INSTANTIATE_TEST_SUITE_P(BrokenJudge, WithoutPart,
                         testing::Values(Part::over, Part::retry, Part::cohort, Part::calm, Part::headroom,
                                         Part::context, Part::prompt, Part::queue_timeout, Part::bound,
                                         Part::guarantee),
                         [](const auto& tested) {
                             return std::string(admission::kPartNames[static_cast<std::size_t>(tested.param)]);
                         });

// Ignores that an endpoint was lost.
struct KeepsLostEndpoints : TestedJudge {
    using TestedJudge::TestedJudge;
    void set_available(EndpointId, bool, TimePoint, Changes&) override {}
};
TEST(BrokenJudge, OneThatKeepsLostEndpointsIsDetected) { EXPECT_TRUE(is_detected<KeepsLostEndpoints>()); }

// Forgets one ending in ten: a slot that leaks.
struct LeaksSlots : TestedJudge {
    using TestedJudge::TestedJudge;
    void finish(Place& place, TimePoint now, Changes& changes) override {
        if (++endings % 10 != 0) TestedJudge::finish(place, now, changes);
    }
    int endings = 0;
};
TEST(BrokenJudge, OneThatLeaksSlotsIsDetected) { EXPECT_TRUE(is_detected<LeaksSlots>()); }

// Serves the queue, but reports no change.
struct ReportsNoChange : TestedJudge {
    using TestedJudge::TestedJudge;
    void finish(Place& place, TimePoint now, Changes& changes) override {
        TestedJudge::finish(place, now, changes);
        changes.clear();
    }
};
TEST(BrokenJudge, OneThatReportsNoChangeIsDetected) { EXPECT_TRUE(is_detected<ReportsNoChange>()); }

// Loses count of prompts and of answers' tokens.
struct MissesFirstTokens : TestedJudge {
    using TestedJudge::TestedJudge;
    void first_token(Place&, TimePoint, Changes&) override {}
};
struct MissesTokens : TestedJudge {
    using TestedJudge::TestedJudge;
    void streamed(Place&, std::uint32_t, TimePoint) override {}
};
TEST(BrokenJudge, OneThatMissesFirstTokensIsDetected) { EXPECT_TRUE(is_detected<MissesFirstTokens>()); }
TEST(BrokenJudge, OneThatMissesTokensIsDetected) { EXPECT_TRUE(is_detected<MissesTokens>()); }

// Lets requests wait without limit.
struct NeverExpires : TestedJudge {
    using TestedJudge::TestedJudge;
    void expire(TimePoint, Changes&) override {}
};
TEST(BrokenJudge, OneThatNeverExpiresIsDetected) { EXPECT_TRUE(is_detected<NeverExpires>()); }

// Keeps its first policy.
struct IgnoresReloads : TestedJudge {
    using TestedJudge::TestedJudge;
    void reconfigure(const JudgeConfig&, TimePoint, Changes&) override {}
};
TEST(BrokenJudge, OneThatIgnoresReloadsIsDetected) { EXPECT_TRUE(is_detected<IgnoresReloads>()); }

// Refuses early what would have to wait.
struct RefusesTooEarly : TestedJudge {
    using TestedJudge::TestedJudge;
    std::optional<admission::Decision> refuse_early(const admission::Ask& ask, TimePoint now) override {
        if (auto refusal = TestedJudge::refuse_early(ask, now)) return refusal;
        if (judge_.counts(now).pressure < 1) return std::nullopt;
        admission::Decision refusal;
        refusal.reason = Reason::queue_full;
        return refusal;
    }
};
TEST(BrokenJudge, OneThatRefusesTooEarlyIsDetected) { EXPECT_TRUE(is_detected<RefusesTooEarly>()); }

// Ignores guarantees, weights and evictions: as if the policy had none.
struct IgnoresWeights : TestedJudge {
    IgnoresWeights(JudgeConfig config, TimePoint now) : TestedJudge(without_weights(config), now) {}
    static const JudgeConfig& without_weights(JudgeConfig& config) {
        for (auto& cls : config.classes) cls.config.weight = 1;
        return config;
    }
};
TEST(BrokenJudge, OneThatIgnoresWeightsIsDetected) { EXPECT_TRUE(is_detected<IgnoresWeights>()); }

struct EvictsTheWrongRequests : TestedJudge {
    EvictsTheWrongRequests(JudgeConfig config, TimePoint now) : TestedJudge(all_preemptible(config), now) {}
    static const JudgeConfig& all_preemptible(JudgeConfig& config) {
        for (auto& cls : config.classes) cls.config.preemptible = true;
        return config;
    }
};
TEST(BrokenJudge, OneThatEvictsTheWrongRequestsIsDetected) { EXPECT_TRUE(is_detected<EvictsTheWrongRequests>()); }

}  // namespace
}  // namespace weir::test
