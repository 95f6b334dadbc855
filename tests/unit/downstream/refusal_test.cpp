#include "downstream/exchange/refusal.hpp"

#include <gtest/gtest.h>

namespace weir::downstream {
namespace {

using namespace std::chrono_literals;

struct OfDispatch {
    DispatchEnd end;
    Reason reason;
};

TEST(ReasonOf, HasARowForEveryEndOfAnAttempt) {
    for (const OfDispatch& row : {
             OfDispatch{DispatchEnd::answered, Reason::backend_reset},  // never asked: an answer is no refusal
             {DispatchEnd::stale, Reason::backend_reset},
             {DispatchEnd::reset, Reason::backend_reset},
             {DispatchEnd::bad_response, Reason::backend_bad_response},
             {DispatchEnd::timed_out, Reason::backend_timeout},
             {DispatchEnd::overdue, Reason::total_timeout},
             {DispatchEnd::client_gone, Reason::client_gone},
             {DispatchEnd::bad_body, Reason::bad_request},
             {DispatchEnd::body_too_large, Reason::body_too_large},
             {DispatchEnd::body_timed_out, Reason::request_timeout},
             {DispatchEnd::evicted, Reason::evicted},
         }) {
        EXPECT_EQ(name(reason_of(row.end)), name(row.reason)) << static_cast<int>(row.end);
    }
}

struct OfRelay {
    RelayEnd end;
    Reason reason;
};

TEST(ReasonOf, HasARowForEveryEndOfAnAnswer) {
    for (const OfRelay& row : {
             OfRelay{RelayEnd::backend_died, Reason::backend_died},
             {RelayEnd::backend_stalled, Reason::backend_timeout},
             {RelayEnd::overdue, Reason::total_timeout},
             {RelayEnd::client_gone, Reason::client_gone},
             {RelayEnd::client_stalled, Reason::client_stalled},
             {RelayEnd::evicted, Reason::evicted},
         }) {
        EXPECT_EQ(name(reason_of(row.end)), name(row.reason)) << static_cast<int>(row.end);
    }
}

TEST(Refused, CarriesTheWholeOfTheJudgesDecision) {
    admission::Decision decision;
    decision.reason = Reason::client_rate;
    decision.gate = admission::Gate::client_rate;
    decision.retry_after = 3s;
    decision.limit = 10;
    decision.observed = 11.5;
    const Passed no = refused(decision);
    ASSERT_TRUE(no);
    EXPECT_EQ(no->reason, Reason::client_rate);
    EXPECT_EQ(no->gate, "client_rate");
    EXPECT_EQ(no->retry_after, 3s);
    EXPECT_EQ(no->limit, 10);
    EXPECT_EQ(no->observed, 11.5);
    EXPECT_EQ(no->detail, "");
}

TEST(Refused, NamesNoGateWhereTheJudgeWasNotAsked) {
    const Passed no = refused(Reason::bad_request, "it is wrong");
    ASSERT_TRUE(no);
    EXPECT_EQ(no->reason, Reason::bad_request);
    EXPECT_EQ(no->detail, "it is wrong");
    EXPECT_EQ(no->gate, "");
    EXPECT_EQ(no->retry_after, Duration::zero());
}

}  // namespace
}  // namespace weir::downstream
