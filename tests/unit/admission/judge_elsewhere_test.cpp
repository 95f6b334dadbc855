// Requests that another backend serves in this one's place, and those that fail when all endpoints are down.
#include <gtest/gtest.h>

#include "admission/judge.hpp"
#include "support/judges.hpp"

namespace weir::admission {
namespace {

using test::make_ask;
using test::make_class;
using test::make_config;
using namespace std::chrono_literals;

constexpr TimePoint kNow{1000s};

struct Bed {
    explicit Bed(JudgeConfig config = make_config({make_class(0)}, {1})) : judge(config, kNow) {}

    void arrive(Place& place, const Ask& ask = make_ask(0)) { judge.arrive(place, ask, kNow, changes); }
    void set_up(bool up) { judge.set_available(EndpointId{0}, up, kNow, changes); }
    [[nodiscard]] std::uint32_t waiting() const { return judge.counts(kNow).classes[0].waiting; }

    Judge judge;
    Changes changes;
};

Ask failing_ask() {
    Ask ask = make_ask(0);
    ask.fails_when_down = true;
    return ask;
}

JudgeConfig with_concurrency(std::uint32_t most) {
    JudgeClass cls = make_class(0);
    cls.config.limits.concurrency = most;
    return make_config({cls}, {8});
}

TEST(JudgeElsewhere, DepartureFreesTheSlotForTheNext) {
    Bed bed;
    Place first;
    Place second;
    bed.arrive(first);
    bed.arrive(second);
    ASSERT_EQ(second.standing(), Standing::waiting);
    bed.judge.depart(first, kNow, bed.changes);
    EXPECT_TRUE(first.is_elsewhere());
    EXPECT_EQ(first.standing(), Standing::running);
    EXPECT_EQ(second.standing(), Standing::running);
    EXPECT_EQ(bed.judge.inflight(ClassId{0}), 1U);
    bed.judge.finish(first, kNow, bed.changes);
    EXPECT_EQ(first.standing(), Standing::ended);
    EXPECT_EQ(bed.judge.inflight(ClassId{0}), 1U) << "it gave nothing back twice";
    bed.judge.finish(second, kNow, bed.changes);
}

TEST(JudgeElsewhere, DepartureKeepsTheReservation) {
    Bed bed(with_concurrency(1));
    Place first;
    Place second;
    bed.arrive(first);
    bed.judge.depart(first, kNow, bed.changes);
    bed.arrive(second);
    EXPECT_EQ(second.decision().reason, Reason::class_concurrency);
    bed.judge.finish(first, kNow, bed.changes);
    bed.arrive(second);
    EXPECT_EQ(second.standing(), Standing::running);
    bed.judge.finish(second, kNow, bed.changes);
}

TEST(JudgeElsewhere, ArrivalThereIsDecidedByLimitsAlone) {
    Bed bed(with_concurrency(2));
    bed.set_up(false);
    Place first;
    Place second;
    Place third;
    bed.judge.arrive_elsewhere(first, make_ask(0), kNow, bed.changes);
    bed.judge.arrive_elsewhere(second, make_ask(0), kNow, bed.changes);
    bed.judge.arrive_elsewhere(third, make_ask(0), kNow, bed.changes);
    EXPECT_EQ(second.standing(), Standing::running);
    EXPECT_EQ(third.decision().reason, Reason::class_concurrency);
    EXPECT_EQ(bed.judge.inflight(ClassId{0}), 0U);
    bed.judge.finish(first, kNow, bed.changes);
    bed.judge.finish(second, kNow, bed.changes);
}

TEST(JudgeElsewhere, TheWaitCountsFromTheFirstArrival) {
    Bed bed;
    Place running;
    bed.arrive(running);
    Ask ask = make_ask(0);
    ask.since = kNow - 4s;
    Place late;
    bed.arrive(late, ask);
    ASSERT_EQ(late.standing(), Standing::waiting);
    bed.judge.expire(kNow + 1s, bed.changes);
    EXPECT_EQ(late.decision().reason, Reason::queue_timeout);
    bed.judge.finish(running, kNow + 1s, bed.changes);
}

TEST(JudgeRequeue, WaitsForAnotherEndpointWhereTheFirstCannotBeReached) {
    Bed bed(make_config({make_class(0)}, {1, 1}));
    Place first;
    Place second;
    bed.arrive(first);
    bed.arrive(second);
    const EndpointId dead = second.decision().endpoint;
    EXPECT_TRUE(bed.judge.requeue(second, kNow, bed.changes, true));
    EXPECT_EQ(second.standing(), Standing::waiting) << "the other one is full";
    bed.judge.finish(first, kNow, bed.changes);
    ASSERT_EQ(second.standing(), Standing::running);
    EXPECT_NE(second.decision().endpoint, dead);
    bed.judge.finish(second, kNow, bed.changes);
}

TEST(JudgeRequeue, RunsThereAgainWhereThereIsNoOther) {
    Bed bed;
    Place place;
    bed.arrive(place);
    EXPECT_TRUE(bed.judge.requeue(place, kNow, bed.changes, true));
    EXPECT_EQ(place.standing(), Standing::running);
    bed.judge.finish(place, kNow, bed.changes);
}

TEST(JudgeWhenDown, RequestsThatFailAreRefusedAtOnceAndOthersWait) {
    Bed bed;
    bed.set_up(false);
    Place fails;
    Place waits;
    bed.arrive(fails, failing_ask());
    bed.arrive(waits);
    EXPECT_EQ(fails.decision().reason, Reason::no_endpoint);
    EXPECT_EQ(waits.standing(), Standing::waiting);
    bed.judge.leave(waits, kNow, bed.changes);
}

TEST(JudgeWhenDown, TheLastEndpointTakesWithItThoseInTheQueueThatFail) {
    Bed bed(make_config({make_class(0)}, {1, 1}));
    Place running[2];
    Place fails;
    Place waits;
    for (Place& place : running) bed.arrive(place);
    bed.arrive(fails, failing_ask());
    bed.arrive(waits);
    bed.set_up(false);
    EXPECT_EQ(bed.waiting(), 2U) << "one endpoint is left";
    bed.changes.clear();
    bed.judge.set_available(EndpointId{1}, false, kNow, bed.changes);
    EXPECT_EQ(fails.decision().reason, Reason::no_endpoint);
    EXPECT_EQ(bed.changes, (Changes{&fails}));
    EXPECT_EQ(waits.standing(), Standing::waiting);
    bed.judge.leave(waits, kNow, bed.changes);
    for (Place& place : running) bed.judge.finish(place, kNow, bed.changes);
}

}  // namespace
}  // namespace weir::admission
