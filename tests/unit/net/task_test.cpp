#include "net/task.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>

#include "support/loop.hpp"

namespace weir::net {
namespace {

task<int> give(int value) { co_return value; }

task<int> add(int a, int b) {
    const int first = co_await give(a);
    const int second = co_await give(b);
    co_return first + second;
}

task<std::unique_ptr<int>> give_owned(int value) { co_return std::make_unique<int>(value); }

task<int> fail(int value) {
    if (value >= 0) throw std::runtime_error("on purpose");
    co_return value;
}

task<int> recover(int value) {
    int result = 0;
    try {
        result = co_await fail(value);
    } catch (const std::runtime_error&) {
        result = -1;
    }
    co_return result;
}

task<int> count_down(int depth) {
    if (depth == 0) co_return 0;
    const int below = co_await count_down(depth - 1);
    co_return below + 1;
}

TEST(Task, RunsOnlyWhenStarted) {
    bool ran = false;
    const auto body = [](bool& flag) -> task<void> {
        flag = true;
        co_return;
    };
    task<void> lazy = body(ran);
    EXPECT_FALSE(ran);
    lazy.start();
    EXPECT_TRUE(ran);
    EXPECT_TRUE(lazy.done());
}

TEST(Task, GivesItsValueToItsAwaiter) {
    task<int> sum = add(2, 3);
    sum.start();
    ASSERT_TRUE(sum.done());
    EXPECT_EQ(sum.result(), 5);
}

TEST(Task, CanReturnAMoveOnlyValue) {
    task<std::unique_ptr<int>> owned = give_owned(7);
    owned.start();
    EXPECT_EQ(*owned.result(), 7);
}

TEST(Task, ReturnsThroughManyCalls) {
    task<int> deep = count_down(500);
    deep.start();
    EXPECT_EQ(deep.result(), 500);
}

TEST(Task, RethrowsItsExceptionInItsParent) {
    task<int> recovered = recover(1);
    recovered.start();
    EXPECT_EQ(recovered.result(), -1);
    task<int> failed = fail(1);
    failed.start();
    ASSERT_TRUE(failed.done());
    EXPECT_THROW(failed.result(), std::runtime_error);
}

// Counts its live instances.
struct Local {
    explicit Local(int& count) : alive(count) { ++alive; }
    ~Local() { --alive; }
    Local(const Local&) = delete;
    Local& operator=(const Local&) = delete;
    int& alive;
};

task<void> wait_below(Waker& waker, int& alive, int depth) {
    const Local local(alive);
    if (depth > 0) {
        co_await wait_below(waker, alive, depth - 1);
    } else {
        co_await waker.wait();
    }
}

TEST(Task, DestroysTheWholeChainWhenDestroyedWhileWaiting) {
    EventLoop loop;
    Waker waker(loop);
    int alive = 0;
    {
        task<void> waiting = wait_below(waker, alive, 3);
        waiting.start();
        EXPECT_EQ(alive, 4);
        EXPECT_FALSE(waiting.done());
    }
    EXPECT_EQ(alive, 0);
}

TEST(Task, RunsTheWholeChainToItsEndWhenWoken) {
    EventLoop loop;
    Waker waker(loop);
    int alive = 0;
    task<void> waiting = wait_below(waker, alive, 3);
    waiting.start();
    waker.run();
    EXPECT_TRUE(waiting.done());
    EXPECT_EQ(alive, 0);
}

TEST(Task, CanBeMovedBeforeItRunsAndWhileItWaits) {
    EventLoop loop;
    Waker waker(loop);
    int alive = 0;
    task<void> first = wait_below(waker, alive, 1);
    task<void> second = std::move(first);
    second.start();
    task<void> third = std::move(second);
    waker.run();
    EXPECT_TRUE(third.done());
    EXPECT_EQ(alive, 0);
}

}  // namespace
}  // namespace weir::net
