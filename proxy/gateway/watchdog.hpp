#pragma once
// Looks whether the workers' loops still turn. One that is busy with a single turn for a tenth of a second holds up
// everybody on it: a line in the log says for how long, and where it stood, as the addresses of its stack. The service
// manager is told that all is well only while no loop stands still for half of what it allows. Memory that a surge has
// left goes back.

#include <cstdint>
#include <memory>
#include <span>
#include <thread>
#include <vector>

#include "downstream/worker.hpp"
#include "gateway/memory_return.hpp"
#include "net/timer_wheel.hpp"
#include "net/waker.hpp"

namespace weir::gateway {

// Runs on the control loop.
class Watchdog final : private net::Wakeable {
public:
    // REQUIRES: workers and threads, one each, outlive it.
    Watchdog(net::EventLoop& control, const std::vector<std::unique_ptr<downstream::Worker>>& workers,
             std::vector<std::thread>& threads);
    ~Watchdog() override;

    // What a worker's thread must not block: how it is asked for its stack. Call it before they start.
    static int prepare();

private:
    void run() override;
    void look(std::size_t worker, TimePoint now);
    void tell(std::size_t worker, Duration stuck);
    void ping(TimePoint now, Duration longest);

    const std::vector<std::unique_ptr<downstream::Worker>>& workers_;
    std::vector<std::thread>& threads_;
    std::vector<TimePoint> asked_;  // the turn that each worker was last asked about
    std::size_t asking_;            // the worker whose stack is on its way; their number: none
    MemoryReturn memory_;
    TimePoint next_ping_{};
    Duration ping_every_;  // zero: nobody listens
    net::Timer timer_;
};

}  // namespace weir::gateway
