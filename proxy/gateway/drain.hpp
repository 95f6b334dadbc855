#pragma once
// The graceful end of a process: workers stop accepting, running requests finish, and connections that have not
// finished by the deadline are closed.

#include <functional>

#include "downstream/worker.hpp"
#include "net/timer_wheel.hpp"
#include "net/waker.hpp"

namespace weir::gateway {

// Runs on the control loop.
class Drain final : private net::Wakeable {
public:
    // Calls `on_done` once no connection is left, or shortly after `deadline`. REQUIRES: the workers outlive it.
    Drain(net::EventLoop& control, downstream::ProcessState& state,
          const std::vector<std::unique_ptr<downstream::Worker>>& workers, TimePoint deadline,
          std::function<void()> on_done);

private:
    void run() override;

    downstream::ProcessState& state_;
    const std::vector<std::unique_ptr<downstream::Worker>>& workers_;
    TimePoint deadline_;
    std::function<void()> on_done_;
    net::Timer timer_;
    bool aborted_ = false;
    bool done_ = false;
};

}  // namespace weir::gateway
