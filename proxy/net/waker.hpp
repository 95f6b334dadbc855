#pragma once
// How an event reaches the code that waits for it.
//
// A descriptor that becomes ready, a timer that expires, a verdict of the judge: each only puts a Wakeable on its
// loop's ready list. The loop runs that list after the whole batch of events has been noted, so a wake never runs in
// the middle of other work, and no event can refer to an object that an earlier event of its batch destroyed.
//
// A coroutine therefore waits for *anything*: it wakes, tries everything it could do, and waits again. Spurious wakes
// are harmless.

#include <boost/intrusive/list_hook.hpp>
#include <coroutine>
#include <utility>

namespace weir::net {

class EventLoop;

// Something the loop can run. Belongs to one loop; removes itself from the ready list when destroyed.
class Wakeable {
public:
    explicit Wakeable(EventLoop& loop) : loop_(loop) {}
    Wakeable(const Wakeable&) = delete;
    Wakeable& operator=(const Wakeable&) = delete;
    virtual ~Wakeable() = default;

    // Schedules run(); repeated calls before it runs coalesce. REQUIRES: the loop's own thread.
    void wake();
    [[nodiscard]] EventLoop& loop() const { return loop_; }

    using Hook = boost::intrusive::list_member_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>>;
    Hook hook_;  // used by the loop's ready list only

    // Called by the loop.
    virtual void run() = 0;

private:
    EventLoop& loop_;
};

// A coroutine's own Wakeable.
class Waker final : public Wakeable {
public:
    using Wakeable::Wakeable;

    struct Awaiter {
        Waker& waker;
        [[nodiscard]] bool await_ready() const noexcept { return false; }
        void await_suspend(std::coroutine_handle<> self) const noexcept { waker.waiting_ = self; }
        void await_resume() const noexcept {}
    };

    // Suspends until the next wake(); a wake since the coroutine last ran counts.
    [[nodiscard]] Awaiter wait() { return Awaiter{*this}; }

    // Lets all other woken coroutines run once, then continues: for work that could otherwise occupy the loop
    // indefinitely.
    [[nodiscard]] Awaiter yield() {
        wake();
        return Awaiter{*this};
    }

    void run() override {
        if (waiting_) std::exchange(waiting_, {}).resume();
    }

private:
    std::coroutine_handle<> waiting_;
};

}  // namespace weir::net
