#include "downstream/websocket/response_slots.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/downstream/slots_bed.hpp"

namespace weir::downstream {
namespace {

using telemetry::TokenSource;
using test::SlotsBed;
using testing::HasSubstr;
using Verdict = Responses::Verdict;
using namespace std::chrono_literals;

TEST(ResponseSlots, AreHeldFromTheQuestionToTheEnd) {
    SlotsBed bed(8);
    EXPECT_FALSE(bed.slots->any());
    EXPECT_EQ(bed.slots->ask("\"e1\""), Verdict::go);
    EXPECT_TRUE(bed.slots->any());
    EXPECT_EQ(bed.inflight(), 1U);
    EXPECT_TRUE(bed.slots->created());
    bed.arrive(3s);
    bed.slots->done({.input = 5, .output = 7});
    EXPECT_EQ(bed.inflight(), 0U);
    EXPECT_FALSE(bed.slots->any());
    EXPECT_EQ(bed.last().reason, Reason::admitted);
    EXPECT_EQ(bed.last().status, 200);
    EXPECT_EQ(bed.last().duration, 3s);
    EXPECT_EQ(bed.last().tokens_in.tokens, 5U);
    EXPECT_EQ(bed.last().tokens_out.tokens, 7U);
    EXPECT_EQ(bed.last().tokens_out.source, TokenSource::usage);
}

TEST(ResponseSlots, CountTheTokensThatTheServerDoesNotTell) {
    SlotsBed bed(8);
    EXPECT_EQ(bed.slots->ask({}), Verdict::go);
    EXPECT_TRUE(bed.slots->created());
    bed.arrive(2s);
    for (int i = 0; i < 20; ++i) bed.slots->delta();
    EXPECT_EQ(bed.judge().counts(bed.now).endpoints[0].context_tokens, 17U) << "in steps of 16";
    bed.slots->done({});
    EXPECT_EQ(bed.last().tokens_out.tokens, 20U);
    EXPECT_EQ(bed.last().tokens_out.source, TokenSource::counted);
    EXPECT_EQ(bed.last().first_byte, 2s);
}

TEST(ResponseSlots, ChangeNothingForEventsWithoutAResponse) {
    SlotsBed bed(8);
    bed.slots->delta();
    bed.slots->done({});
    bed.slots->rejected({});
    EXPECT_FALSE(bed.slots->give_up_overdue());
    EXPECT_TRUE(bed.recorder.records.empty());
    EXPECT_EQ(bed.slots->next_deadline(), TimePoint::max());
}

TEST(ResponseSlots, AreRefusedBeyondTheMost) {
    SlotsBed bed(100);
    for (std::size_t i = 0; i < ResponseSlots::kMost; ++i) EXPECT_EQ(bed.slots->ask({}), Verdict::go);
    EXPECT_EQ(bed.slots->ask("\"one-more\""), Verdict::refused);
    EXPECT_THAT(bed.slots->refusal(), HasSubstr("one-more"));
    EXPECT_EQ(bed.last().reason, Reason::client_concurrency);
    EXPECT_EQ(bed.last().status, 429);
    EXPECT_EQ(bed.last().limit, ResponseSlots::kMost);
    EXPECT_EQ(bed.inflight(), ResponseSlots::kMost);
    EXPECT_TRUE(bed.slots->created()) << "of one that was asked for";
}

TEST(ResponseSlots, WaitWhileTheEndpointIsFull) {
    SlotsBed bed(1);
    bed.let_in();
    EXPECT_EQ(bed.slots->ask({}), Verdict::wait);
    EXPECT_TRUE(bed.slots->waits());
    EXPECT_EQ(bed.slots->verdict(), Verdict::wait);
    bed.pass(2s);
    bed.release();
    EXPECT_EQ(bed.slots->verdict(), Verdict::wait) << "the word is on its way";
    bed.arrive();
    EXPECT_EQ(bed.slots->verdict(), Verdict::go);
    EXPECT_FALSE(bed.slots->waits());
    EXPECT_TRUE(bed.slots->created());
    bed.slots->done({});
    EXPECT_EQ(bed.last().reason, Reason::admitted_after_wait);
    EXPECT_EQ(bed.last().queue, 2s);
}

TEST(ResponseSlots, AreRefusedWhenTheyHaveWaitedForTooLong) {
    SlotsBed bed(1);
    bed.let_in();
    EXPECT_EQ(bed.slots->ask("\"e1\""), Verdict::wait);
    EXPECT_EQ(bed.slots->next_deadline(), bed.judge().next_expiry());
    bed.arrive(bed.slots->next_deadline() - bed.now);
    EXPECT_EQ(bed.slots->verdict(), Verdict::wait) << "it has just given up";
    bed.arrive();
    EXPECT_EQ(bed.slots->verdict(), Verdict::refused);
    EXPECT_EQ(bed.last().reason, Reason::patience_expired);
    EXPECT_THAT(bed.slots->refusal(), HasSubstr("e1"));
    EXPECT_FALSE(bed.slots->any());
}

}  // namespace
}  // namespace weir::downstream
