#pragma once
// An event loop under test, with a watchdog: a test that waits for what never comes fails instead of hanging.

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <utility>

#include "net/event_loop.hpp"
#include "net/task.hpp"
#include "net/waker.hpp"

namespace weir::test {

using namespace std::chrono_literals;

// Counts how often it runs, and calls what it was given.
class Probe final : public net::Wakeable {
public:
    explicit Probe(net::EventLoop& loop, std::function<void()> action = {})
        : Wakeable(loop), action_(std::move(action)) {}

    void run() override {
        ++runs;
        if (action_) action_();
    }
    // Woken and not yet run; for tests that have no loop running. Asking clears it.
    [[nodiscard]] bool take_wake() {
        const bool woken = hook_.is_linked();
        hook_.unlink();
        return woken;
    }

    int runs = 0;

private:
    std::function<void()> action_;
};

// Waits until `holds` does, looking whenever something wakes.
template <typename Condition>
net::task<void> until(net::Waker& waker, Condition holds) {
    while (!holds()) co_await waker.wait();
}

class LoopTest : public testing::Test {
protected:
    // Runs the loop until `main` has ended, at most for 5 s. Once a test.
    void run(net::task<void> main) {
        net::task<void> whole = drive(std::move(main));
        loop.post([&] { whole.start(); });
        run_until_stopped();
        if (whole.done()) whole.result();
    }

    // Runs the loop until it is stopped.
    void run_until_stopped() {
        Probe bark(loop, [this] {
            ADD_FAILURE() << "the test hangs";
            loop.stop();
        });
        net::Timer watchdog(loop.timers(), bark);
        loop.post([&] { watchdog.set(loop.now() + 5s); });
        loop.run();
    }

    net::EventLoop loop;

private:
    net::task<void> drive(net::task<void> main) {
        co_await main;
        loop.stop();
    }
};

}  // namespace weir::test
