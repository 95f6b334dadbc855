#include "simulate/report.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weir::simulate {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

constexpr Window kSurge{10s, 20s};

// One class's run with so many good answers each second.
ClassRun with_good(std::vector<std::uint32_t> by_second) {
    ClassRun run;
    run.good_by_second = std::move(by_second);
    return run;
}

TEST(Recovery, IsTheTimeUntilAClassDoesAsWellAsWithoutTheSurge) {
    const ClassRun calm = with_good(std::vector<std::uint32_t>(40, 10));
    EXPECT_EQ(recovery(calm, calm, kSurge), 0U);
    ClassRun hurt = calm;
    for (std::size_t i = 12; i < 23; ++i) hurt.good_by_second[i] = 2;
    EXPECT_EQ(recovery(hurt, calm, kSurge), 3U);
    EXPECT_FALSE(recovery(with_good(std::vector<std::uint32_t>(40, 1)), calm, kSurge));
}

TEST(Tally, TellsRefusalsFromFailures) {
    Tally tally;
    Outcome outcome;
    outcome.reason = Reason::line_full;
    outcome.tries = 3;
    tally.add(outcome, false);
    outcome.reason = Reason::client_gone;
    tally.add(outcome, false);
    outcome.served = true;
    outcome.first_token = 2s;
    tally.add(outcome, true);
    EXPECT_EQ(tally.refused(), 1U);
    EXPECT_EQ(tally.failed(), 1U);
    EXPECT_EQ(tally.retries, 6U);
    EXPECT_EQ(tally.first_token(0.5), 2.0);
    EXPECT_DOUBLE_EQ(*tally.goodput(), 1.0 / 3);
    EXPECT_FALSE(Tally{}.goodput());
}

Report sample() {
    Report report{"A day.", {"direct", "idle"}, kSurge, {}};
    simulate::Run run;
    run.classes.resize(2);
    Outcome refused{ClassId{0}, 12s, Reason::line_full, false, std::nullopt, 1, 0};
    Outcome served{ClassId{0}, 12s, Reason::admitted, true, 50ms, 1, 0};
    Run calm = run;
    for (Tally* tally : {&run.classes[0].whole, &run.classes[0].during}) {
        tally->add(served, true);
        tally->add(refused, false);
    }
    for (Tally* tally : {&calm.classes[0].whole, &calm.classes[0].during}) {
        for (int i = 0; i < 2; ++i) tally->add(served, true);
    }
    report.scenarios.push_back({"weir", run, calm});
    return report;
}

TEST(Report, ShowsClassesThatWereAskedForAndWhyTheyWereRefused) {
    Report report = sample();
    const std::string text = to_text(report);
    EXPECT_THAT(text, HasSubstr("A day.\nThe table is of the requests that arrived in the surge, from 10 s to 20 s."));
    EXPECT_THAT(text, HasSubstr("direct  weir"));
    EXPECT_THAT(text, HasSubstr("50.00 %"));
    EXPECT_THAT(text, HasSubstr("direct with weir: line_full 1\n"));
    EXPECT_THAT(text, Not(HasSubstr("idle")));
}

TEST(Report, IsAlsoOneJsonObject) {
    Report report = sample();
    const std::string text = to_json(report);
    EXPECT_THAT(text, HasSubstr("\"controller\":\"weir\""));
    EXPECT_THAT(text, HasSubstr("\"unserved_by_reason\":{\"line_full\":1}"));
    EXPECT_THAT(text, HasSubstr("\"kept\":5E-1"));
}

}  // namespace
}  // namespace weir::simulate
