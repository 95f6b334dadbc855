#include "lab/simulate/report.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weir::simulate {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

constexpr Window kSurge{10s, 20s};

// One class's run with that many good answers each second.
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

TEST(Tally, DistinguishesRefusalsFromFailures) {
    Tally tally;
    Outcome outcome;
    outcome.reason = Reason::queue_full;
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

TEST(Tally, CountsWorkOfNoUseToAClientAsWasted) {
    Tally tally;
    EXPECT_FALSE(tally.waste());
    Outcome outcome;
    outcome.computed = 100;
    outcome.lost = 30;
    outcome.served = true;
    tally.add(outcome, true);   // the lost try alone
    tally.add(outcome, false);  // too late: all of it
    EXPECT_EQ(tally.computed, 200U);
    EXPECT_EQ(tally.wasted, 130U);
    EXPECT_DOUBLE_EQ(*tally.waste(), 0.65);
}

Report sample() {
    Report report{"A day.", {"direct", "idle"}, kSurge, {}};
    simulate::Run run;
    run.classes.resize(2);
    Outcome refused{ClassId{0}, 12s, Reason::queue_full, false, std::nullopt, 1, 0};
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
    EXPECT_THAT(text, HasSubstr("class   controller  queue_full\ndirect  weir                 1\n"));
    EXPECT_THAT(text, Not(HasSubstr("idle")));
}

TEST(Report, NamesPoliciesWhereThereAreSeveral) {
    Report report = sample();
    report.scenarios.push_back(report.scenarios.front());
    report.scenarios.push_back(report.scenarios.front());
    report.scenarios[0].policy = "config/old.yaml";
    report.scenarios[1].policy = report.scenarios[2].policy = "new.yaml";
    report.scenarios[2].controller = "cap";
    EXPECT_EQ(scenario_name(report, report.scenarios[0]), "old");
    EXPECT_EQ(scenario_name(report, report.scenarios[1]), "new");
    EXPECT_EQ(scenario_name(report, report.scenarios[2]), "new, cap");
    EXPECT_EQ(scenario_name(sample(), sample().scenarios[0]), "weir");
}

TEST(Report, IsOnePageThatLoadsNothingElse) {
    Report report = sample();
    report.command = "weir simulate '</script>'";
    for (Scenario& scenario : report.scenarios) {
        Recorder recorder(2);
        recorder.count(Recorder::Event::offered, ClassId{0}, 3s);
        scenario.run.timeline = recorder.close();
    }
    const std::string page = to_page(report);
    EXPECT_THAT(page, HasSubstr("\"name\":\"direct\""));
    EXPECT_THAT(page, HasSubstr("\"offered\":[0,0,0,1]"));
    EXPECT_THAT(page, HasSubstr("weir simulate '\\u003c/script>'"));
    EXPECT_THAT(page, Not(HasSubstr("idle")));
    EXPECT_THAT(page, Not(HasSubstr("/*DATA*/")));
    std::string addresses = page;
    // The namespace of SVG is a name, not an address.
    addresses.erase(addresses.find("http://www.w3.org/2000/svg"), 26);
    EXPECT_THAT(addresses, Not(testing::ContainsRegex("https?://|src=|@import|url\\(")));
}

TEST(Report, IsAlsoOneJsonObject) {
    Report report = sample();
    const std::string text = to_json(report);
    EXPECT_THAT(text, HasSubstr("\"controller\":\"weir\""));
    EXPECT_THAT(text, HasSubstr("\"unserved_by_reason\":{\"queue_full\":1}"));
    EXPECT_THAT(text, HasSubstr("\"kept\":5E-1"));
}

}  // namespace
}  // namespace weir::simulate
