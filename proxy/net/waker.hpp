#pragma once
// How anything that happens reaches whoever waits for it.
//
// A descriptor that becomes ready, a timer that expires, a verdict of the judge: each only puts a Wakeable on its
// loop's ready list. The loop runs that list after the whole batch of events has been noted, so a wake never runs in
// the middle of somebody else's work, and no event can name an object that an earlier one of its batch destroyed.
//
// A coroutine therefore waits for *anything*: it wakes, tries all it could do, and waits again. Wakes that turn out
// to be for nothing are harmless.

#include <boost/intrusive/list_hook.hpp>
#include <coroutine>
#include <utility>

namespace weir::net {

class EventLoop;

// Something the loop can run. Belongs to one loop; leaves the ready list by itself when destroyed.
class Wakeable {
public:
    explicit Wakeable(EventLoop& loop) : loop_(loop) {}
    Wakeable(const Wakeable&) = delete;
    Wakeable& operator=(const Wakeable&) = delete;
    virtual ~Wakeable() = default;

    // Has run() called soon, once, however often this is said before then. REQUIRES: the loop's own thread.
    void wake();
    [[nodiscard]] EventLoop& loop() const { return loop_; }

    using Hook = boost::intrusive::list_member_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>>;
    Hook hook_;  // for the loop's ready list only

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

    // Suspends until the next wake(); one that came since the coroutine last ran counts.
    [[nodiscard]] Awaiter wait() { return Awaiter{*this}; }

    // Lets everybody else run once, then goes on: for work that could otherwise go on for ever.
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
