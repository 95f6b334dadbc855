#include "gateway/drain.hpp"

#include <spdlog/spdlog.h>

namespace weir::gateway {
namespace {

using namespace std::chrono_literals;

constexpr Duration kLook = 20ms;
constexpr Duration kGrace = 1s;  // for aborted connections to end

}  // namespace

Drain::Drain(net::EventLoop& control, downstream::ProcessState& state,
             const std::vector<std::unique_ptr<downstream::Worker>>& workers, TimePoint deadline,
             std::function<void()> on_done)
    : Wakeable(control),
      state_(state),
      workers_(workers),
      deadline_(deadline),
      on_done_(std::move(on_done)),
      timer_(control.timers(), *this) {
    state_.draining.store(true, std::memory_order_relaxed);
    for (const auto& worker : workers_) {
        worker->loop().post([&worker = *worker] { worker.drain(); });
    }
    timer_.set(control.now() + kLook);
}

void Drain::run() {
    if (done_) return;
    const TimePoint now = loop().now();
    const std::uint32_t left = state_.connections.load(std::memory_order_relaxed);
    if (left > 0 && now >= deadline_ && !aborted_) {
        spdlog::warn("closing {} connections that did not finish in time", left);
        aborted_ = true;
        for (const auto& worker : workers_) {
            worker->loop().post([&worker = *worker] { worker.abort_connections(); });
        }
    }
    if (left > 0 && now < deadline_ + kGrace) {
        timer_.set(now + kLook);
        return;
    }
    done_ = true;
    on_done_();
}

}  // namespace weir::gateway
