#include "downstream/websocket/response_slots.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/test_bed.hpp"

namespace weir::downstream {
namespace {

using telemetry::TokenSource;
using testing::HasSubstr;
using Verdict = Responses::Verdict;
using namespace std::chrono_literals;

struct SlotsBed : test::TestBed {
    explicit SlotsBed(std::uint32_t requests) : TestBed(requests) {
        slots.emplace(
            client, route(),
            ResponseSlots::Options{
                .ask = test::make_ask(0), .record = {}, .endpoint = EndpointId{0}, .first_byte = 60s, .total = 600s});
    }
    ~SlotsBed() { run(slots->end(Reason::client_gone)); }

    // Time passes, and whatever was posted arrives.
    void arrive(Duration after = {}) {
        pass(after);
        while (loop().turn_at(now)) {
        }
    }
    [[nodiscard]] const telemetry::Record& last() const { return recorder.records.back(); }

    std::optional<ResponseSlots> slots;
};

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

TEST(ResponseSlots, AreGivenBackWhenTheServerRejectsTheQuestion) {
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

TEST(ResponseSlots, AreTakenForWhatTheServerBeginsByItself) {
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

TEST(ResponseSlots, AreGivenUpWhenNothingBegins) {
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

TEST(ResponseSlots, AreGivenUpAndCancelledWhenOneDoesNotEnd) {
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

TEST(ResponseSlots, EndWithTheirConnection) {
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

TEST(ResponseSlots, WaitForAVerdictThatIsOnItsWayWhenTheirConnectionEnds) {
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
