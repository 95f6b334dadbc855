#include "downstream/shared/shared_judge.hpp"

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
    judge.reconfigure(make_config({make_class(0)}, {1}), nullptr, kStart + 1h);
    deliver();
    EXPECT_EQ(wakes, 1);
    judge.finish(second, kStart + 1h);
}

TEST_F(SharedJudgeTest, NotifiesARequestWhoseQueueTimeoutIsOver) {
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
    EXPECT_EQ(second.decision().reason, Reason::queue_timeout);
    judge.finish(first, kStart + 5s);
}

TEST_F(SharedJudgeTest, ATicketThatReturnsToTheLineIsToldAnew) {
    SharedJudge pair(make_config({make_class(0)}, {1, 1}), kStart);
    pair.arrive(first, make_ask(0), kStart);
    pair.arrive(second, make_ask(0), kStart);
    pair.set_intake(first.decision().endpoint, {.open = false}, kStart);
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
    judge.set_intake(EndpointId{0}, {.open = false}, kStart);
    EXPECT_EQ(judge.arrive(first, make_ask(0), kStart), Standing::waiting);
    judge.set_intake(EndpointId{0}, {.open = true}, kStart);
    deliver();
    EXPECT_TRUE(first.told());
    EXPECT_EQ(first.standing(), Standing::running);
    judge.finish(first, kStart);
}

std::shared_ptr<upstream::Backend> make_backend(int first_endpoint, int endpoints) {
    std::vector<std::shared_ptr<upstream::Endpoint>> made;
    for (int i = first_endpoint; i < first_endpoint + endpoints; ++i) {
        made.push_back(std::make_shared<upstream::Endpoint>(EndpointId{static_cast<std::uint16_t>(i)},
                                                            upstream::EndpointConfig{}, nullptr));
    }
    return std::make_shared<upstream::Backend>(BackendId{0}, upstream::BackendConfig{}, std::move(made),
                                               [](EndpointId, const Intake&) {});
}

TEST_F(SharedJudgeTest, AGrantNamesTheBackendOfItsEndpointAfterAReload) {
    const auto before = make_backend(0, 1);
    const auto after = make_backend(0, 2);
    first.came_by(before.get());
    second.came_by(before.get());
    judge.arrive(first, make_ask(0), kStart);
    judge.arrive(second, make_ask(0), kStart);
    judge.reconfigure(make_config({make_class(0)}, {1, 1}), after, kStart);
    deliver();
    EXPECT_EQ(first.granted_by(), nullptr);
    EXPECT_EQ(second.decision().endpoint, EndpointId{1});
    EXPECT_EQ(second.granted_by(), after);
    ASSERT_EQ(judge.requeue(first, kStart), Standing::running);
    EXPECT_EQ(first.granted_by(), after);
    judge.finish(first, kStart);
    judge.finish(second, kStart);
}

TEST_F(SharedJudgeTest, WhoeverComesByTheNewPolicyIsToldNothing) {
    const auto after = make_backend(0, 1);
    judge.reconfigure(make_config({make_class(0)}, {1}), after, kStart);
    first.came_by(after.get());
    ASSERT_EQ(judge.arrive(first, make_ask(0), kStart), Standing::running);
    EXPECT_EQ(first.granted_by(), nullptr);
    judge.finish(first, kStart);
}

TEST_F(SharedJudgeTest, AReloadKnowsWhichEndpointsAreFit) {
    judge.set_intake(EndpointId{0}, {.open = false}, kStart);
    EXPECT_EQ(judge.arrive(first, make_ask(0), kStart), Standing::waiting);
    // The same number, but another endpoint: its address has changed, and no request has failed on it.
    judge.reconfigure(make_config({make_class(0)}, {1}), make_backend(0, 1), kStart);
    deliver();
    EXPECT_EQ(first.standing(), Standing::running);
    judge.finish(first, kStart);
}

// A bulk request runs, and a top one has waited for as long as it takes to cut the other short.
class EvictionTest : public SharedJudgeTest {
protected:
    static admission::JudgeConfig config() {
        auto config = make_config(
            {make_class(0, admission::Priority::critical), make_class(1, admission::Priority::sheddable)}, {1});
        config.classes[1].config.preemptible = true;
        return config;
    }

    EvictionTest() { evicting.reconfigure(config(), nullptr, kStart); }

    SharedJudge evicting{config(), kStart};
};

TEST_F(EvictionTest, ReachesWhoeverRuns) {
    first.allow_cutting();
    evicting.arrive(first, make_ask(1), kStart);
    evicting.arrive(second, make_ask(0), kStart);
    evicting.expire(kStart + 2500ms);
    EXPECT_FALSE(first.cut());
    deliver();
    EXPECT_TRUE(first.cut());
    EXPECT_EQ(first.eviction().reason, Reason::evicted);
    evicting.finish(first, kStart + 3s);
    deliver();
    EXPECT_EQ(second.standing(), Standing::running);
    evicting.finish(second, kStart + 3s);
}

TEST_F(EvictionTest, DoesNotReachWhoeverHasJustEnded) {
    {
        Ticket third{waker};
        third.allow_cutting();
        evicting.arrive(third, make_ask(1), kStart);
        evicting.arrive(second, make_ask(0), kStart);
        evicting.expire(kStart + 2500ms);
        evicting.finish(third, kStart + 2600ms);
    }
    deliver();  // the ticket is gone before the message arrives
    EXPECT_EQ(second.standing(), Standing::running);
    evicting.finish(second, kStart + 3s);
}

TEST_F(SharedJudgeTest, AFirstTokenMakesRoomForThePromptOfAnother) {
    auto config = make_config({make_class(0)}, {8});
    config.endpoints[0].prompt_tokens = 100;
    judge.reconfigure(config, nullptr, kStart);
    admission::Ask ask = make_ask(0);
    ask.prompt_tokens = 80;
    ask.streams = true;
    judge.arrive(first, ask, kStart);
    EXPECT_EQ(judge.arrive(second, ask, kStart), Standing::waiting);
    judge.first_token(first, kStart);
    deliver();
    EXPECT_TRUE(second.told());
    judge.streamed(first, 20, kStart);
    EXPECT_EQ(judge.counts(kStart).endpoints[0].context_tokens, 180U);
    judge.finish(first, kStart);
    judge.finish(second, kStart);
}

TEST_F(SharedJudgeTest, RefusesEarlyOnlyWhatIsCertain) {
    EXPECT_FALSE(judge.refuse_early(make_ask(0), kStart));
    auto config = make_config({make_class(0)}, {1});
    config.classes[0].config.limits.concurrency = 0;
    judge.reconfigure(config, nullptr, kStart);
    EXPECT_EQ(judge.refuse_early(make_ask(0), kStart)->reason, Reason::class_concurrency);
}

}  // namespace
}  // namespace weir::downstream
