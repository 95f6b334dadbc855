// How the responses of a Realtime connection end that do not end by themselves.

#include <gtest/gtest.h>

#include "unit/downstream/slots_bed.hpp"

namespace weir::downstream {
namespace {

using test::SlotsBed;
using Verdict = Responses::Verdict;
using namespace std::chrono_literals;

TEST(ResponseSlotsEnd, AreGivenBackWhenTheServerRejectsTheQuestion) {
    for (const char* named : {"\"e2\"", ""}) {
        SlotsBed bed(8);
        EXPECT_EQ(bed.slots->ask("\"e1\""), Verdict::go);
        EXPECT_TRUE(bed.slots->created());
        EXPECT_EQ(bed.slots->ask("\"e2\""), Verdict::go);
        bed.slots->rejected("\"e3\"");
        EXPECT_EQ(bed.inflight(), 2U);
        bed.slots->rejected(named);
        EXPECT_EQ(bed.inflight(), 1U);
        EXPECT_EQ(bed.last().status, 400);
        bed.slots->done({});
        EXPECT_EQ(bed.last().status, 200) << "the one that has begun goes on";
    }
}

TEST(ResponseSlotsEnd, AreTakenForWhatTheServerBeginsByItself) {
    SlotsBed roomy(8);
    EXPECT_TRUE(roomy.slots->created());
    EXPECT_EQ(roomy.inflight(), 1U);
    SlotsBed full(1);
    full.let_in();
    EXPECT_FALSE(full.slots->created()) << "it runs already and cannot wait";
    EXPECT_EQ(full.inflight(), 1U);
    EXPECT_FALSE(full.slots->any());
    EXPECT_EQ(full.recorder.records.size(), 1U);
}

TEST(ResponseSlotsEnd, AreGivenUpWhenNothingBegins) {
    SlotsBed bed(8);
    EXPECT_EQ(bed.slots->ask({}), Verdict::go);
    EXPECT_EQ(bed.slots->next_deadline(), bed.began + 60s);
    bed.arrive(59s);
    EXPECT_FALSE(bed.slots->give_up_overdue());
    EXPECT_TRUE(bed.slots->any());
    bed.arrive(1s);
    EXPECT_FALSE(bed.slots->give_up_overdue()) << "there is nothing to cancel";
    EXPECT_FALSE(bed.slots->any());
    EXPECT_EQ(bed.last().reason, Reason::backend_timeout);
}

TEST(ResponseSlotsEnd, AreGivenUpAndCancelledWhenOneDoesNotEnd) {
    SlotsBed bed(8);
    EXPECT_EQ(bed.slots->ask({}), Verdict::go);
    EXPECT_TRUE(bed.slots->created());
    EXPECT_EQ(bed.slots->next_deadline(), bed.began + 600s);
    bed.arrive(600s);
    EXPECT_TRUE(bed.slots->give_up_overdue());
    EXPECT_EQ(bed.last().reason, Reason::total_timeout);
    EXPECT_EQ(bed.last().status, 504);
    EXPECT_EQ(bed.inflight(), 0U);
}

TEST(ResponseSlotsEnd, EndWithTheirConnection) {
    SlotsBed bed(2);
    bed.let_in();
    EXPECT_EQ(bed.slots->ask({}), Verdict::go);
    EXPECT_EQ(bed.slots->ask({}), Verdict::wait);
    bed.run(bed.slots->end(Reason::backend_died));
    EXPECT_FALSE(bed.slots->any());
    EXPECT_FALSE(bed.slots->waits());
    EXPECT_EQ(bed.inflight(), 1U) << "that of another request alone";
    EXPECT_EQ(bed.judge().counts(bed.now).classes[0].waiting, 0U);
    ASSERT_EQ(bed.recorder.records.size(), 2U);
    for (const telemetry::Record& record : bed.recorder.records) {
        EXPECT_EQ(record.reason, Reason::backend_died);
        EXPECT_EQ(record.status, 0);
    }
}

TEST(ResponseSlotsEnd, WaitForAVerdictThatIsOnItsWayWhenTheirConnectionEnds) {
    SlotsBed bed(1);
    bed.let_in();
    EXPECT_EQ(bed.slots->ask({}), Verdict::wait);
    bed.release();  // which lets the other one in
    EXPECT_EQ(bed.inflight(), 1U);
    net::task<void> ending = bed.slots->end(Reason::client_gone);
    ending.start();
    EXPECT_FALSE(ending.done()) << "the word knows where the response is";
    bed.arrive();
    EXPECT_TRUE(ending.done());
    EXPECT_EQ(bed.inflight(), 0U);
    EXPECT_FALSE(bed.slots->any());
}

}  // namespace
}  // namespace weir::downstream
