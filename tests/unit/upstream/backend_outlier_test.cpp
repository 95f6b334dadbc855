#include <gtest/gtest.h>

#include "support/judged_backend.hpp"

namespace weir::upstream {
namespace {

using namespace std::chrono_literals;
using test::JudgedBackend;

TEST(Outlier, IsEjectedThoughSuccessesComeInBetween) {
    JudgedBackend two(2);
    for (int i = 0; i < 40; ++i) {
        two.answer(0, i % 4 == 0 ? 200 : 503);
        two.answer(1, 200);
    }
    EXPECT_FALSE(two.takes_requests(0));
    EXPECT_TRUE(two.takes_requests(1));
}

TEST(Outlier, IsNotOneWhereTheOthersFailAsMuch) {
    JudgedBackend two(2);
    for (int i = 0; i < 40; ++i) {
        two.answer(0, i % 4 == 0 ? 200 : 500);
        two.answer(1, i % 4 == 0 ? 200 : 500);
    }
    EXPECT_TRUE(two.takes_requests(0));
    EXPECT_TRUE(two.takes_requests(1));
}

TEST(Outlier, NeedsMoreThanAFewRequests) {
    JudgedBackend two(2);
    two.answer(1, 200, 20);
    for (int i = 0; i < 3; ++i) {
        two.answer(0, 503, 2);
        two.answer(0, 200);
    }
    EXPECT_TRUE(two.takes_requests(0));
    two.answer(0, 503);
    EXPECT_FALSE(two.takes_requests(0));
}

TEST(Outlier, IsNotOneForWhatItDidLongAgo) {
    JudgedBackend two(2);
    two.answer(1, 200, 20);
    for (int i = 0; i < 2; ++i) {
        two.answer(0, 503, 4);
        two.answer(0, 200);
    }
    two.pass(20s);
    two.answer(1, 200, 20);
    two.answer(0, 503, 4);
    EXPECT_TRUE(two.takes_requests(0));
}

TEST(Outlier, AnErrorOfItsOwnInARowEjectsOnlyWhereTheOthersDoBetter) {
    JudgedBackend two(2);
    two.answer(0, 500, 9);
    EXPECT_TRUE(two.takes_requests(0)) << "it may be what was asked";
    two.answer(1, 200, 10);
    two.answer(0, 500);
    EXPECT_FALSE(two.takes_requests(0));
}

TEST(Outlier, IsOneThatHangsAfterItsHeads) {
    JudgedBackend two(2);
    two.answer(1, 200, 20);
    for (int i = 0; i < 5; ++i) {
        for (int j = 0; j < 3; ++j) two.backend.answered(two.endpoint(0), 200, two.now);
        two.pass(2s);
        two.backend.request_timed_out(two.endpoint(0), two.now - 1s, two.now);
    }
    EXPECT_EQ(two.endpoint(0).counters.succeeded, 0U);
    EXPECT_FALSE(two.takes_requests(0));
}

TEST(Outlier, MayWorkAgainOnceContentComes) {
    JudgedBackend two(2);
    for (int i = 0; i < 10; ++i) {
        two.answer(0, 503, 4);
        two.backend.began(two.endpoint(0), two.now);
    }
    EXPECT_TRUE(two.takes_requests(0));
    EXPECT_EQ(two.endpoint(0).counters.succeeded, 0U) << "no answer is complete";
}

TEST(Outlier, IsAtFaultForAnErrorOnceItFailedBeforeAndTheOthersDoNot) {
    JudgedBackend two(2);
    two.answer(1, 200, 10);
    two.answer(0, 500);
    EXPECT_FALSE(two.backend.is_at_fault(two.endpoint(0))) << "it may be what was asked";
    two.answer(0, 500);
    EXPECT_TRUE(two.backend.is_at_fault(two.endpoint(0)));
    two.answer(1, 500, 30);
    EXPECT_FALSE(two.backend.is_at_fault(two.endpoint(0))) << "the others fail as much";
}

TEST(Outlier, IsAtFaultForAnErrorOnTrial) {
    JudgedBackend two(2, {.ejection = {.failures = 1}});
    two.answer(1, 200, 20);
    two.answer(0, 503);
    for (int i = 0; i < 12; ++i) {
        two.pass(1s);
        two.answer(1, 200, 2);
    }
    ASSERT_TRUE(two.endpoint(0).intake().trial);
    two.answer(0, 500);
    EXPECT_TRUE(two.backend.is_at_fault(two.endpoint(0)));
}

TEST(Outlier, RefusalsAndUnknownRequestsAreNoFailures) {
    JudgedBackend two(2);
    two.answer(1, 200, 100);
    for (const int status : {400, 401, 404, 429, 501, 505}) two.answer(0, status, 20);
    EXPECT_TRUE(two.takes_requests(0));
    EXPECT_EQ(two.endpoint(0).counters.failed, 0U);
}

TEST(Outlier, IsCountedByStatus) {
    JudgedBackend one(1);
    for (const int status : {101, 200, 204, 302, 400, 418, 429, 500, 502, 529, 599}) one.answer(0, status);
    const auto count = [&](int status) { return one.endpoint(0).counters.answers[answer_code(status)].load(); };
    EXPECT_EQ(count(200), 2U);
    EXPECT_EQ(count(400), 2U) << "with other statuses of the four hundreds";
    EXPECT_EQ(count(429), 1U);
    EXPECT_EQ(count(599), 1U);
    EXPECT_EQ(count(529), 1U);
}

TEST(SlowEndpoint, IsEjectedWhereThePolicySaysHowSlowIsTooSlow) {
    for (const std::uint32_t times : {0U, 5U}) {
        BackendConfig config;
        config.ejection.slow_first_token = times;
        JudgedBackend two(2, config);
        for (int i = 0; i < 20; ++i) {
            two.backend.first_token(two.endpoint(0), 600ms, two.now);
            two.backend.first_token(two.endpoint(1), 100ms, two.now);
        }
        two.pass(1s);
        EXPECT_EQ(two.takes_requests(0), times == 0);
        EXPECT_TRUE(two.takes_requests(1));
    }
}

TEST(EndpointOnTrial, IsBackAfterOneSuccessWithoutItsOldFailures) {
    BackendConfig config;
    config.slow_start = 0s;
    JudgedBackend two(2, config);
    two.answer(1, 200, 10);
    two.answer(0, 503, 5);
    two.pass(9s);
    two.answer(0, 503, 20);
    two.pass(1s);
    EXPECT_TRUE(two.endpoint(0).intake().trial);
    two.answer(1, 200, 10);
    two.answer(0, 200);
    EXPECT_EQ(two.endpoint(0).intake(), Intake{});
    two.answer(0, 503, 4);
    EXPECT_TRUE(two.takes_requests(0));
}

TEST(SlowStart, IsOnlyForEndpointsBesideOthersThatTakeTheRest) {
    BackendConfig config;
    config.health = HealthConfig{};
    JudgedBackend checked(2, config);
    checked.probe(0, false);
    checked.probe(0, true);
    EXPECT_EQ(checked.endpoint(0).intake().share, 0.1);
    checked.pass(10s);
    EXPECT_NEAR(checked.endpoint(0).intake().share, 0.55, 0.01);
    checked.probe(1, false);
    checked.pass(100ms);
    EXPECT_EQ(checked.endpoint(0).intake().share, 1);
}

}  // namespace
}  // namespace weir::upstream
