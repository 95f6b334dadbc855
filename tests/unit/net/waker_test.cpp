#include "net/waker.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "support/loop.hpp"

namespace weir::net {
namespace {

using test::LoopTest;

class WakerTest : public LoopTest {};

task<void> wait_twice(Waker& waker, int& passed) {
    co_await waker.wait();
    ++passed;
    co_await waker.wait();
    ++passed;
}

TEST_F(WakerTest, ResumesOnceHoweverOftenItIsWoken) {
    Waker waker(loop);
    int passed = 0;
    task<void> waiting = wait_twice(waker, passed);
    loop.post([&] {
        waiting.start();
        for (int i = 0; i < 5; ++i) waker.wake();
        loop.post([&] { loop.stop(); });
    });
    run_until_stopped();
    EXPECT_EQ(passed, 1);
}

task<void> wake_itself(Waker& waker) {
    waker.wake();
    co_await waker.wait();
}

TEST_F(WakerTest, RemembersAWakeThatComesBeforeTheWait) {
    Waker waker(loop);
    run(wake_itself(waker));
}

TEST_F(WakerTest, AllowsAWakeWithoutAWaiter) {
    Waker waker(loop);
    loop.post([&] {
        waker.wake();
        loop.post([&] { loop.stop(); });
    });
    run_until_stopped();
    EXPECT_EQ(loop.faults(), 0U);
}

task<void> write_and_yield(Waker& waker, std::string& log, char name) {
    for (int i = 0; i < 3; ++i) {
        log += name;
        co_await waker.yield();
    }
}

task<void> start_both(Waker& waker, task<void>& first, task<void>& second) {
    first.start();
    second.start();
    while (!first.done() || !second.done()) co_await waker.yield();
}

TEST_F(WakerTest, YieldLetsOthersRun) {
    Waker first(loop);
    Waker second(loop);
    Waker third(loop);
    std::string log;
    task<void> a = write_and_yield(first, log, 'a');
    task<void> b = write_and_yield(second, log, 'b');
    run(start_both(third, a, b));
    EXPECT_EQ(log, "ababab");
}

TEST_F(WakerTest, TheLoopKnowsWhetherOthersAreStillToRun) {
    std::string log;
    const auto note = [&] { log += loop.others_wait() ? 'y' : 'n'; };
    test::Probe first(loop, note);
    test::Probe second(loop, note);
    loop.post([&] {
        first.wake();
        second.wake();
        note();
        loop.post([&] { loop.stop(); });
    });
    run_until_stopped();
    EXPECT_EQ(log, "nyn");
}

task<void> read_then_send(Waker& waker, std::string& log) {
    co_await waker.wait();
    log += 'r';
    if (waker.loop().others_wait()) co_await waker.yield();
    log += 's';
}

task<void> wake_all(Waker& waker, std::vector<Waker*> others, std::vector<task<void>*> tasks) {
    for (task<void>* one : tasks) one->start();
    for (Waker* other : others) other->wake();
    while (!std::all_of(tasks.begin(), tasks.end(), [](task<void>* one) { return one->done(); }))
        co_await waker.yield();
}

TEST_F(WakerTest, ACoroutineThatYieldsSendsAfterAllHaveRead) {
    Waker first(loop);
    Waker second(loop);
    Waker third(loop);
    Waker mine(loop);
    std::string log;
    task<void> a = read_then_send(first, log);
    task<void> b = read_then_send(second, log);
    task<void> c = read_then_send(third, log);
    run(wake_all(mine, {&first, &second, &third}, {&a, &b, &c}));
    EXPECT_EQ(log.substr(0, 3), "rrr");
    EXPECT_EQ(log.size(), 6U);
}

TEST_F(WakerTest, ACoroutineThatOnlyYieldsDoesNotBlockPosts) {
    Waker waker(loop);
    bool posted = false;
    const auto spin = [](Waker& own, const bool& stop) -> task<void> {
        while (!stop) co_await own.yield();
    };
    loop.post([&] { loop.post([&] { posted = true; }); });
    run(spin(waker, posted));
}

}  // namespace
}  // namespace weir::net
