#pragma once
// The event loop of one thread: readiness of descriptors, deadlines, and work posted from other threads.
//
// Descriptors are watched by the loop's own edge-triggered epoll, which is itself watched by a Boost.Asio io_context;
// Asio keeps what is off the data path: name lookups, signals, posts, and the one timer that drives the wheel. Compared
// with Asio's own descriptors this was measured to save two system calls and 4 KB per connection.
//
// Threading: everything except post(), stop() and what is marked otherwise belongs to the thread in run().

#include <sys/uio.h>

#include <array>
#include <boost/intrusive/list.hpp>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>

#include "base/time.hpp"
#include "net/timer_wheel.hpp"
#include "net/waker.hpp"

namespace boost::asio {
class io_context;
}

namespace weir::net {

// What a descriptor is known to allow. Set by the loop; cleared by the code that finds that it would block.
struct Readiness {
    bool readable = false;
    bool writable = false;
    bool peer_closed = false;  // the other side has sent its FIN; data sent before it can still be read
    bool broken = false;       // reset, or shut both ways: nothing can be sent any more
};

// A watched descriptor, which it owns.
class Source {
public:
    Source(EventLoop& loop, int fd);
    ~Source();
    Source(const Source&) = delete;
    Source& operator=(const Source&) = delete;

    [[nodiscard]] int fd() const { return fd_; }
    [[nodiscard]] EventLoop& loop() const { return loop_; }
    // The waker for every event on this source; may be null. REQUIRES: it outlives the watch, or is replaced first.
    void set_waker(Wakeable* waker) { waker_ = waker; }

    // Closes at once; further reads and writes fail. The waker is woken, so that its owner notices.
    void close();

    Readiness ready;

private:
    friend class EventLoop;
    EventLoop& loop_;
    Wakeable* waker_ = nullptr;
    int fd_;
};

class EventLoop {
public:
    static constexpr std::size_t kScratchBytes = 64 * 1024;

    EventLoop();
    ~EventLoop();
    EventLoop(const EventLoop&) = delete;
    EventLoop& operator=(const EventLoop&) = delete;

    // Runs until stop(). An exception that reaches the loop is counted in faults() and logged; the loop goes on.
    void run();
    void stop();  // from any thread

    // Takes one turn without run(), at an instant of the caller's choice, which now() returns from then on: runs one
    // piece of posted work, wakes what is due, and runs what was woken, once. False when there was nothing to do.
    // Descriptors and the clock are not read, so that a test can move from deadline to deadline. REQUIRES: run() is
    // never called.
    bool turn_at(TimePoint instant);

    // Schedules `work` on the loop's thread. May be called from any thread.
    void post(std::function<void()> work);

    [[nodiscard]] TimePoint now() const { return by_hand_ == TimePoint{} ? Clock::now() : by_hand_; }
    // The instant at which the current batch began: costs nothing, and is precise enough for deadlines.
    [[nodiscard]] TimePoint batch_time() const { return batch_time_; }
    [[nodiscard]] TimerWheel& timers() { return timers_; }
    [[nodiscard]] boost::asio::io_context& io();

    // Whether other coroutines woken in the same batch are still waiting to run after the current one.
    [[nodiscard]] bool others_wait() const { return !running_.empty(); }

    // A buffer to read into or to build a message in. It belongs to the running coroutine until its next wait.
    [[nodiscard]] std::span<char> scratch() { return scratch_; }

    // When the current turn began; TimePoint{} between turns. From any thread.
    [[nodiscard]] TimePoint busy_since() const;
    // The longest the loop was busy with one batch since the last call. From any thread.
    [[nodiscard]] Duration take_worst_lag();
    [[nodiscard]] std::uint64_t faults() const;  // from any thread
    // Counts and logs an exception caught where it cannot be handled any better.
    void note_fault(const char* what);

private:
    friend class Source;
    friend class Wakeable;
    struct Impl;

    // Everything runs within a turn: begin_turn() reads the clock, end_turn() runs what was woken.
    void begin_turn();
    void end_turn();
    void schedule_turn();
    void watch_epoll();
    void handle_events();
    void run_ready();     // everything that was woken, once
    void drive_timers();  // sets Asio's timer to the wheel's next instant

    using ReadyList =
        boost::intrusive::list<Wakeable, boost::intrusive::member_hook<Wakeable, Wakeable::Hook, &Wakeable::hook_>,
                               boost::intrusive::constant_time_size<false>>;

    std::unique_ptr<Impl> impl_;
    int epoll_fd_;
    ReadyList ready_;
    ReadyList running_;  // those still to run in this round
    TimePoint batch_time_;
    TimePoint by_hand_{};  // the instant of turn_at()
    TimerWheel timers_;
    std::array<char, kScratchBytes> scratch_;
};

}  // namespace weir::net
