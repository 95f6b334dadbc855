#include <gtest/gtest.h>

#include "support/judged_backend.hpp"

namespace weir::upstream {
namespace {

using namespace std::chrono_literals;
using test::JudgedBackend;

BackendConfig with_checks() {
    BackendConfig config;
    config.health = HealthConfig{};
    return config;
}

void fall(JudgedBackend& of, int which, WhyDown fault) {
    of.endpoint(which).note_check(fault);
    of.probe(which, false);
}

TEST(Panic, ServesTheLeastSickEndpointWhereItMayStillWork) {
    JudgedBackend two(2, with_checks());
    two.answer(0, 502, 3);
    fall(two, 0, {DownReason::status, "404"});
    fall(two, 1, {DownReason::status, "404"});
    EXPECT_TRUE(two.backend.in_panic());
    EXPECT_FALSE(two.takes_requests(0));
    EXPECT_TRUE(two.takes_requests(1));
    two.answer(1, 502, 4);
    two.pass(100ms);
    EXPECT_TRUE(two.takes_requests(0)) << "it has failed less by now";
    EXPECT_FALSE(two.takes_requests(1));
}

TEST(Panic, IsOverOnceAnEndpointIsBack) {
    JudgedBackend two(2, with_checks());
    fall(two, 0, {DownReason::status, "404"});
    fall(two, 1, {DownReason::status, "404"});
    two.probe(0, true);
    two.pass(100ms);
    EXPECT_FALSE(two.backend.in_panic());
    EXPECT_TRUE(two.takes_requests(0));
    EXPECT_FALSE(two.takes_requests(1));
}

TEST(Panic, IsNoneWhereNothingCouldServe) {
    for (const WhyDown& fault :
         {WhyDown{DownReason::refused}, WhyDown{DownReason::no_address}, WhyDown{DownReason::timeout},
          WhyDown{DownReason::status, "503"}, WhyDown{DownReason::text}}) {
        JudgedBackend one(1, with_checks());
        fall(one, 0, fault);
        one.pass(1s);
        EXPECT_FALSE(one.backend.in_panic()) << fault.text();
        EXPECT_FALSE(one.takes_requests(0));
    }
}

TEST(Panic, ABusyEndpointThatStillSendsAnswersMayWork) {
    JudgedBackend one(1, with_checks());
    one.answer(0, 200);
    fall(one, 0, {DownReason::timeout});
    EXPECT_TRUE(one.takes_requests(0));
    one.pass(11s);
    EXPECT_FALSE(one.takes_requests(0)) << "it has sent nothing for a while";
}

TEST(Panic, ServesAnEjectedEndpointWhereTheOthersAreUnreachable) {
    JudgedBackend two(2, with_checks());
    two.answer(0, 503, 5);
    EXPECT_FALSE(two.takes_requests(0));
    fall(two, 1, {DownReason::refused});
    EXPECT_TRUE(two.takes_requests(0));
    EXPECT_FALSE(two.endpoint(0).intake().trial);
    two.answer(0, 200);
    two.pass(100ms);
    EXPECT_FALSE(two.backend.in_panic()) << "an answer ends the ejection";
    EXPECT_TRUE(two.takes_requests(0));
}

TEST(Panic, NeverServesWhatAnOperatorHasTakenOut) {
    JudgedBackend one(1, with_checks());
    one.backend.set_by_hand(one.endpoint(0), HandSetting{.why = "a new model"}, one.now);
    one.pass(1s);
    EXPECT_FALSE(one.takes_requests(0));
    EXPECT_EQ(one.endpoint(0).why_down().text(), "operator: a new model");
}

}  // namespace
}  // namespace weir::upstream
