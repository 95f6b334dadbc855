#include "downstream/shared_judge.hpp"

#include <gtest/gtest.h>

#include "support/judges.hpp"
#include "support/loop.hpp"
#include "support/virtual_time.hpp"

namespace weir::downstream {
namespace {

using namespace std::chrono_literals;
using admission::Standing;
using test::kStart;
using test::LoopTest;
using test::make_ask;
using test::make_class;
using test::make_config;

// One slot and one class; the loop runs only where a test lets it.
class SharedJudgeTest : public LoopTest {
protected:
    // Lets all messages that are under way arrive.
    void deliver() {
        loop.post([this] { loop.post([this] { loop.stop(); }); });
        run_until_stopped();
    }

    net::Waker waker{loop};
    SharedJudge judge{make_config({make_class(0)}, {1}), kStart};
    Ticket first{waker};
    Ticket second{waker};
};

TEST_F(SharedJudgeTest, AnswersOnArrivalWithoutTelling) {
    EXPECT_EQ(judge.arrive(first, make_ask(0), kStart), Standing::running);
    EXPECT_EQ(judge.arrive(second, make_ask(0), kStart), Standing::waiting);
    deliver();
    EXPECT_FALSE(first.told());
    EXPECT_FALSE(second.told());
    EXPECT_TRUE(judge.leave(second, kStart));
    judge.finish(first, kStart);
}

TEST_F(SharedJudgeTest, TellsWhoeverWaitsOnlyByMessage) {
    judge.arrive(first, make_ask(0), kStart);
    judge.arrive(second, make_ask(0), kStart);
    judge.finish(first, kStart);
    EXPECT_FALSE(second.told());
    deliver();
    EXPECT_TRUE(second.told());
    EXPECT_EQ(second.standing(), Standing::running);
    judge.finish(second, kStart);
    EXPECT_EQ(judge.counts(kStart).endpoints[0].inflight, 0U);
}

TEST_F(SharedJudgeTest, KeepsWhoeverLeavesTooLateUntilTheyAreTold) {
    judge.arrive(first, make_ask(0), kStart);
    judge.arrive(second, make_ask(0), kStart);
    judge.finish(first, kStart);
    EXPECT_FALSE(judge.leave(second, kStart));
    deliver();
    EXPECT_TRUE(second.told());
    judge.finish(second, kStart);
}

net::task<void> count_wakes(net::Waker& waker, int& wakes) {
    for (;; ++wakes) co_await waker.wait();
}

TEST_F(SharedJudgeTest, TellsOnce) {
    judge.arrive(first, make_ask(0), kStart);
    judge.arrive(second, make_ask(0), kStart);
    int wakes = 0;
    net::task<void> counting = count_wakes(waker, wakes);
    counting.start();
    judge.finish(first, kStart);
    judge.expire(kStart + 1h);
    judge.reconfigure(make_config({make_class(0)}, {1}), kStart + 1h);
    deliver();
    EXPECT_EQ(wakes, 1);
    judge.finish(second, kStart + 1h);
}

TEST_F(SharedJudgeTest, SaysWhenSomebodyRunsOutOfPatience) {
    EXPECT_EQ(judge.next_expiry(), TimePoint::max());
    judge.arrive(first, make_ask(0), kStart);
    EXPECT_EQ(judge.next_expiry(), TimePoint::max());
    judge.arrive(second, make_ask(0), kStart);
    EXPECT_EQ(judge.next_expiry(), kStart + 5s);
    judge.expire(kStart + 5s);
    EXPECT_EQ(judge.next_expiry(), TimePoint::max());
    deliver();
    EXPECT_TRUE(second.told());
    EXPECT_EQ(second.standing(), Standing::ended);
    EXPECT_EQ(second.decision().reason, Reason::patience_expired);
    judge.finish(first, kStart + 5s);
}

TEST_F(SharedJudgeTest, ATicketThatReturnsToTheLineIsToldAnew) {
    SharedJudge pair(make_config({make_class(0)}, {1, 1}), kStart);
    pair.arrive(first, make_ask(0), kStart);
    pair.arrive(second, make_ask(0), kStart);
    pair.set_available(first.decision().endpoint, false, kStart);
    ASSERT_EQ(pair.requeue(first, kStart), Standing::waiting);
    EXPECT_FALSE(first.told());
    const EndpointId left = second.decision().endpoint;
    pair.finish(second, kStart);
    deliver();
    EXPECT_TRUE(first.told());
    EXPECT_EQ(first.decision().endpoint, left);
    pair.finish(first, kStart);
}

TEST_F(SharedJudgeTest, ServesTheLineWhenAnEndpointIsBack) {
    judge.set_available(EndpointId{0}, false, kStart);
    EXPECT_EQ(judge.arrive(first, make_ask(0), kStart), Standing::waiting);
    judge.set_available(EndpointId{0}, true, kStart);
    deliver();
    EXPECT_TRUE(first.told());
    EXPECT_EQ(first.standing(), Standing::running);
    judge.finish(first, kStart);
}

TEST_F(SharedJudgeTest, RefusesEarlyOnlyWhatIsCertain) {
    EXPECT_FALSE(judge.refuse_early(make_ask(0), kStart));
    auto config = make_config({make_class(0)}, {1});
    config.classes[0].config.limits.concurrency = 0;
    judge.reconfigure(config, kStart);
    EXPECT_EQ(judge.refuse_early(make_ask(0), kStart)->reason, Reason::class_concurrency);
}

}  // namespace
}  // namespace weir::downstream
