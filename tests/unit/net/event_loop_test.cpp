#include "net/event_loop.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>
#include <thread>

#include "support/loop.hpp"
#include "support/sockets.hpp"

namespace weir::net {
namespace {

using namespace std::chrono_literals;
using test::LoopTest;
using test::Probe;

class EventLoopTest : public LoopTest {
protected:
    void stop_soon() {
        loop.post([this] { loop.stop(); });
    }
};

TEST_F(EventLoopTest, RunsAWakenedOnce) {
    Probe probe(loop);
    loop.post([&] {
        probe.wake();
        probe.wake();
        stop_soon();
    });
    run_until_stopped();
    EXPECT_EQ(probe.runs, 1);
}

TEST_F(EventLoopTest, RunsWhatIsWokenOutsideATurn) {
    Probe probe(loop);
    probe.wake();
    stop_soon();
    run_until_stopped();
    EXPECT_EQ(probe.runs, 1);
}

TEST_F(EventLoopTest, RunsAgainWhatWakesItself) {
    Probe* self = nullptr;
    Probe probe(loop, [&] { self->runs < 100 ? self->wake() : loop.stop(); });
    self = &probe;
    probe.wake();
    run_until_stopped();
    EXPECT_EQ(probe.runs, 100);
}

TEST_F(EventLoopTest, DoesNotRunWhatWasDestroyedAfterItWasWoken) {
    auto second = std::make_unique<Probe>(loop, [] { ADD_FAILURE() << "was run"; });
    Probe first(loop, [&] { second.reset(); });
    loop.post([&] {
        first.wake();
        second->wake();
        stop_soon();
    });
    run_until_stopped();
    EXPECT_EQ(first.runs, 1);
}

TEST_F(EventLoopTest, RunsWhatAnotherThreadPostsOnItsOwn) {
    std::thread::id ran_on;
    std::thread poster([&] {
        for (int i = 0; i < 100; ++i) loop.post([] {});
        loop.post([&] {
            ran_on = std::this_thread::get_id();
            loop.stop();
        });
    });
    run_until_stopped();
    poster.join();
    EXPECT_EQ(ran_on, std::this_thread::get_id());
}

TEST_F(EventLoopTest, StopsFromAnotherThread) {
    std::thread stopper([&] { loop.stop(); });
    run_until_stopped();
    stopper.join();
}

// Checklist 31: what fails dies alone, and is counted.
TEST_F(EventLoopTest, CountsWhatThrowsAndGoesOn) {
    Probe fails(loop, [] { throw std::runtime_error("on purpose"); });
    Probe works(loop);
    loop.post([&] {
        fails.wake();
        works.wake();
    });
    loop.post([] { throw std::runtime_error("on purpose"); });
    stop_soon();
    run_until_stopped();
    EXPECT_EQ(loop.faults(), 2U);
    EXPECT_EQ(works.runs, 1);
}

TEST_F(EventLoopTest, WakesAtATimersInstant) {
    TimePoint fired{};
    Probe probe(loop, [&] {
        fired = loop.now();
        loop.stop();
    });
    Timer timer(loop.timers(), probe);
    const TimePoint when = loop.now() + 5ms;
    loop.post([&] { timer.set(when); });
    run_until_stopped();
    EXPECT_GE(fired, when);
}

TEST_F(EventLoopTest, SeesAnEarlierTimerSetAfterALaterOne) {
    Probe late(loop, [] { ADD_FAILURE() << "too late"; });
    Probe early(loop, [this] { loop.stop(); });
    Timer first(loop.timers(), late);
    Timer second(loop.timers(), early);
    loop.post([&] { first.set(loop.now() + 4s); });
    loop.post([&] { second.set(loop.now() + 5ms); });
    run_until_stopped();
    EXPECT_EQ(early.runs, 1);
}

TEST_F(EventLoopTest, TellsWhatADescriptorAllows) {
    auto pair = test::unix_pair();
    Source source(loop, pair.near.release());
    Probe probe(loop, [&] {
        if (source.ready.readable) loop.stop();
    });
    source.set_waker(&probe);
    loop.post([&] { pair.far.send("x"); });
    run_until_stopped();
    EXPECT_TRUE(source.ready.writable);
    EXPECT_FALSE(source.ready.peer_closed);
    EXPECT_FALSE(source.ready.broken);
}

TEST_F(EventLoopTest, TellsAHalfCloseFromAClose) {
    auto half = test::tcp_pair();
    auto whole = test::tcp_pair();
    Source half_source(loop, half.near.release());
    Source whole_source(loop, whole.near.release());
    Probe probe(loop, [&] {
        if (half_source.ready.peer_closed && whole_source.ready.broken) loop.stop();
    });
    half_source.set_waker(&probe);
    whole_source.set_waker(&probe);
    loop.post([&] {
        ::shutdown(half.far.get(), SHUT_WR);
        const linger now{.l_onoff = 1, .l_linger = 0};
        setsockopt(whole.far.get(), SOL_SOCKET, SO_LINGER, &now, sizeof now);
        whole.far.close();
    });
    run_until_stopped();
    EXPECT_FALSE(half_source.ready.broken);
    EXPECT_TRUE(whole_source.ready.peer_closed);
}

TEST_F(EventLoopTest, ClosingASourceWakesWhoeverWatchesIt) {
    auto pair = test::unix_pair();
    Source source(loop, pair.near.release());
    Probe probe(loop);
    source.set_waker(&probe);
    source.close();
    EXPECT_TRUE(probe.take_wake());
    EXPECT_TRUE(source.ready.broken);
    EXPECT_EQ(source.fd(), -1);
    source.close();
    EXPECT_FALSE(probe.take_wake());
}

TEST_F(EventLoopTest, TellsTheLongestItWasBusyOnce) {
    loop.post([&] {
        const TimePoint until = loop.now() + 2ms;
        while (loop.now() < until) {
        }
    });
    loop.post([&] { loop.stop(); });
    run_until_stopped();
    EXPECT_GE(loop.take_worst_lag(), 2ms);
    EXPECT_EQ(loop.take_worst_lag(), Duration::zero());
}

TEST_F(EventLoopTest, TakesATurnByHandAtAnyInstant) {
    Probe woken(loop);
    Probe waits(loop, [&] { woken.wake(); });
    Timer timer(loop.timers(), waits);
    const TimePoint due = loop.batch_time() + 1h;
    timer.set(due);
    EXPECT_FALSE(loop.turn_at(due - 1s));
    EXPECT_EQ(waits.runs, 0);
    EXPECT_TRUE(loop.turn_at(due));
    EXPECT_EQ(loop.batch_time(), due);
    EXPECT_EQ(loop.now(), due);
    EXPECT_EQ(waits.runs, 1);
    EXPECT_EQ(woken.runs, 0) << "what is woken meanwhile runs in the next turn";
    EXPECT_TRUE(loop.turn_at(due));
    EXPECT_EQ(woken.runs, 1);
    EXPECT_FALSE(loop.turn_at(due));
}

TEST_F(EventLoopTest, RunsPostedWorkInATurnByHand) {
    const TimePoint instant = loop.batch_time() + 1h;
    TimePoint seen{};
    loop.post([&] { seen = loop.batch_time(); });
    EXPECT_TRUE(loop.turn_at(instant));
    EXPECT_EQ(seen, instant);
}

}  // namespace
}  // namespace weir::net
