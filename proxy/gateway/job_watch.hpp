#pragma once
// Frees the slots of video jobs whose deadline has passed: once a second, on the control loop.

#include <chrono>
#include <functional>
#include <utility>

#include "net/event_loop.hpp"

namespace weir::gateway {

class JobWatch final : private net::Wakeable {
public:
    // `expire` is called on the loop. REQUIRES: `loop` outlives this.
    JobWatch(net::EventLoop& loop, std::function<void(TimePoint)> expire)
        : Wakeable(loop), expire_(std::move(expire)), timer_(loop.timers(), *this) {
        timer_.set(loop.now() + kEvery);
    }

private:
    static constexpr Duration kEvery = std::chrono::seconds(1);

    void run() override {
        const TimePoint now = loop().now();
        expire_(now);
        timer_.set(now + kEvery);
    }

    std::function<void(TimePoint)> expire_;
    net::Timer timer_;
};

}  // namespace weir::gateway
