#include "telemetry/outcome.hpp"

#include <gtest/gtest.h>

namespace weir::telemetry {
namespace {

using namespace std::chrono_literals;

constexpr Duration kObjective = 1s;

Record ended(Reason reason, int status = 200, Duration first_byte = 0s, Duration duration = 10s) {
    Record record;
    record.reason = reason;
    record.status = status;
    record.first_byte = first_byte;
    record.duration = duration;
    return record;
}

SloVerdict verdict(const Record& record) { return judge_slo(record, kObjective); }

TEST(Outcome, FollowsTheGroupOfTheReason) {
    EXPECT_EQ(outcome_of(Reason::admitted_after_wait), Outcome::served);
    EXPECT_EQ(outcome_of(Reason::client_rate), Outcome::shed);
    EXPECT_EQ(outcome_of(Reason::queue_full), Outcome::shed);
    EXPECT_EQ(outcome_of(Reason::body_too_large), Outcome::rejected);
    EXPECT_EQ(outcome_of(Reason::backend_timeout), Outcome::backend_error);
    EXPECT_EQ(outcome_of(Reason::client_stalled), Outcome::client_gone);
    EXPECT_EQ(outcome_of(Reason::draining), Outcome::internal);
}

TEST(Outcome, IsShedExactlyWhenTheReasonIs) {
    for (const ReasonInfo& reason : kReasons) {
        EXPECT_EQ(outcome_of(reason.reason) == Outcome::shed, is_shed(reason.reason)) << reason.name;
    }
}

TEST(Slo, IsMeasuredByTheFirstByte) {
    EXPECT_EQ(verdict(ended(Reason::admitted, 200, 1s)), SloVerdict::good);
    EXPECT_EQ(verdict(ended(Reason::admitted, 200, 1s + 1ns)), SloVerdict::bad);
}

TEST(Slo, IsMeasuredByTheEndOfAnAnswerWithoutABody) {
    EXPECT_EQ(verdict(ended(Reason::admitted, 204, 0s, 500ms)), SloVerdict::good);
    EXPECT_EQ(verdict(ended(Reason::admitted, 204, 0s, 2s)), SloVerdict::bad);
}

TEST(Slo, CountsBackendFailuresAsBad) {
    EXPECT_EQ(verdict(ended(Reason::admitted, 500, 1ms)), SloVerdict::bad);
    EXPECT_EQ(verdict(ended(Reason::admitted, 429, 1ms)), SloVerdict::bad);
    EXPECT_EQ(verdict(ended(Reason::backend_reset, 502)), SloVerdict::bad);
    EXPECT_EQ(verdict(ended(Reason::backend_died, 200, 1ms)), SloVerdict::bad) << "in time, but cut short";
}

TEST(Slo, CountsOverloadAndInternalFaultsAsBad) {
    EXPECT_EQ(verdict(ended(Reason::queue_full, 503)), SloVerdict::bad);
    EXPECT_EQ(verdict(ended(Reason::memory_pressure, 503)), SloVerdict::bad);
}

TEST(Slo, ExcludesWhatTheCallerCaused) {
    EXPECT_EQ(verdict(ended(Reason::client_rate, 429)), SloVerdict::excluded);
    EXPECT_EQ(verdict(ended(Reason::bad_request, 400)), SloVerdict::excluded);
    EXPECT_EQ(verdict(ended(Reason::admitted, 404, 1ms)), SloVerdict::excluded);
}

TEST(Slo, CountsAClientThatLeftByWhatItHadReceived) {
    EXPECT_EQ(verdict(ended(Reason::client_gone, 0, 0s, 900ms)), SloVerdict::excluded) << "the answer was not due";
    EXPECT_EQ(verdict(ended(Reason::client_gone, 0, 0s, 3s)), SloVerdict::bad) << "it waited in vain";
    EXPECT_EQ(verdict(ended(Reason::client_gone, 200, 500ms, 3s)), SloVerdict::good);
}

}  // namespace
}  // namespace weir::telemetry
