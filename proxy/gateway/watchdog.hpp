#pragma once
// Checks that the workers' loops still turn. A loop that spends a tenth of a second in a single turn delays all its
// connections: a line in the log reports how long, and where, by the addresses of its stack. The service manager is
// pinged only while no loop stalls for half of the time it allows. Also returns memory left over from a surge.

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

    // Installs the handler that takes a worker's stack, and returns its signal, which the workers' threads must not
    // block. Call it before they start.
    static int prepare();

private:
    void run() override;
    void look(std::size_t worker, TimePoint now);
    void report(std::size_t worker, Duration stuck);
    void ping(TimePoint now, Duration longest);

    const std::vector<std::unique_ptr<downstream::Worker>>& workers_;
    std::vector<std::thread>& threads_;
    std::vector<TimePoint> asked_;  // the turn that each worker was last asked about
    std::size_t asking_;            // the worker whose stack is pending; workers_.size(): none
    MemoryReturn memory_;
    TimePoint next_ping_{};
    Duration ping_every_;  // zero: no pings are expected
    net::Timer timer_;
};

}  // namespace weir::gateway
