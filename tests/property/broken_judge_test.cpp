// That the properties can fail: for each invariant a judge that breaks it, and how soon that is found out.

#include <gtest/gtest.h>

#include <string>

#include "property/judge_world.hpp"

namespace weir::test {
namespace {

using admission::Changes;
using admission::JudgeConfig;
using admission::Part;
using admission::Place;

// Whether a random day shows that the judge is broken. The seed makes the days the same in every run.
bool is_found_out(const MakeJudge& make) {
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
bool is_found_out() {
    return is_found_out([](const JudgeConfig& config, TimePoint now) { return std::make_unique<Broken>(config, now); });
}

TEST(BrokenJudge, AWholeOneIsNotFoundOut) { EXPECT_FALSE(is_found_out<TestedJudge>()); }

class WithoutPart : public testing::TestWithParam<Part> {};

TEST_P(WithoutPart, IsFoundOut) {
    const Part part = GetParam();
    EXPECT_TRUE(is_found_out([part](JudgeConfig config, TimePoint now) {
        config.parts.remove(part);
        return std::make_unique<TestedJudge>(config, now);
    }));
}

INSTANTIATE_TEST_SUITE_P(BrokenJudge, WithoutPart,
                         testing::Values(Part::over, Part::retry, Part::cohort, Part::headroom, Part::context,
                                         Part::prompt, Part::queue_timeout, Part::bound, Part::guarantee),
                         [](const auto& tested) {
                             return std::string(admission::kPartNames[static_cast<std::size_t>(tested.param)]);
                         });

// Ignores that an endpoint went.
struct KeepsLostEndpoints : TestedJudge {
    using TestedJudge::TestedJudge;
    void set_available(EndpointId, bool, TimePoint, Changes&) override {}
};
TEST(BrokenJudge, OneThatKeepsLostEndpointsIsFoundOut) { EXPECT_TRUE(is_found_out<KeepsLostEndpoints>()); }

// Forgets one ending in ten: a slot that leaks.
struct LeaksSlots : TestedJudge {
    using TestedJudge::TestedJudge;
    void finish(Place& place, TimePoint now, Changes& changes) override {
        if (++endings % 10 != 0) TestedJudge::finish(place, now, changes);
    }
    int endings = 0;
};
TEST(BrokenJudge, OneThatLeaksSlotsIsFoundOut) { EXPECT_TRUE(is_found_out<LeaksSlots>()); }

// Serves those who have waited, but tells nobody.
struct TellsNobody : TestedJudge {
    using TestedJudge::TestedJudge;
    void finish(Place& place, TimePoint now, Changes& changes) override {
        TestedJudge::finish(place, now, changes);
        changes.clear();
    }
};
TEST(BrokenJudge, OneThatTellsNobodyIsFoundOut) { EXPECT_TRUE(is_found_out<TellsNobody>()); }

// Loses count of prompts, and of what answers have come to.
struct MissesFirstTokens : TestedJudge {
    using TestedJudge::TestedJudge;
    void first_token(Place&, TimePoint, Changes&) override {}
};
struct MissesTokens : TestedJudge {
    using TestedJudge::TestedJudge;
    void streamed(Place&, std::uint32_t, TimePoint) override {}
};
TEST(BrokenJudge, OneThatMissesFirstTokensIsFoundOut) { EXPECT_TRUE(is_found_out<MissesFirstTokens>()); }
TEST(BrokenJudge, OneThatMissesTokensIsFoundOut) { EXPECT_TRUE(is_found_out<MissesTokens>()); }

// Lets everybody wait for as long as they like.
struct NeverExpires : TestedJudge {
    using TestedJudge::TestedJudge;
    void expire(TimePoint, Changes&) override {}
};
TEST(BrokenJudge, OneThatNeverExpiresIsFoundOut) { EXPECT_TRUE(is_found_out<NeverExpires>()); }

// Goes on with its first policy.
struct IgnoresReloads : TestedJudge {
    using TestedJudge::TestedJudge;
    void reconfigure(const JudgeConfig&, TimePoint, Changes&) override {}
};
TEST(BrokenJudge, OneThatIgnoresReloadsIsFoundOut) { EXPECT_TRUE(is_found_out<IgnoresReloads>()); }

// Refuses early whoever would have to wait.
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
TEST(BrokenJudge, OneThatRefusesTooEarlyIsFoundOut) { EXPECT_TRUE(is_found_out<RefusesTooEarly>()); }

// Sees nothing of guarantees, weights or evictions: as if the policy had none.
struct IgnoresWeights : TestedJudge {
    IgnoresWeights(JudgeConfig config, TimePoint now) : TestedJudge(without_weights(config), now) {}
    static const JudgeConfig& without_weights(JudgeConfig& config) {
        for (auto& cls : config.classes) cls.config.weight = 1;
        return config;
    }
};
TEST(BrokenJudge, OneThatIgnoresWeightsIsFoundOut) { EXPECT_TRUE(is_found_out<IgnoresWeights>()); }

struct EvictsTheInnocent : TestedJudge {
    EvictsTheInnocent(JudgeConfig config, TimePoint now) : TestedJudge(all_preemptible(config), now) {}
    static const JudgeConfig& all_preemptible(JudgeConfig& config) {
        for (auto& cls : config.classes) cls.config.preemptible = true;
        return config;
    }
};
TEST(BrokenJudge, OneThatEvictsTheInnocentIsFoundOut) { EXPECT_TRUE(is_found_out<EvictsTheInnocent>()); }

}  // namespace
}  // namespace weir::test
