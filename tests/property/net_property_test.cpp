#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <array>
#include <memory>
#include <optional>

#include "net/timer_wheel.hpp"
#include "support/loop.hpp"
#include "support/virtual_time.hpp"

namespace weir::net {
namespace {

// Some timers on a wheel, beside the deadline that each was given.
class Model {
public:
    Model() {
        for (auto& timer : timers_) timer.emplace(wheel_, probes_[index_of(timer)]);
    }

    void set(std::size_t i, Duration in) {
        timers_[i]->set(now_ + in);
        due_[i] = now_ + std::max(in, Duration::zero());
    }
    void clear(std::size_t i) {
        timers_[i]->clear();
        due_[i].reset();
    }
    void replace(std::size_t i) {
        timers_[i].emplace(wheel_, probes_[i]);
        due_[i].reset();
    }
    // As after a long pause: the wheel is polled once, at the end.
    void jump(Duration by) {
        now_ += by;
        wheel_.advance(now_);
        check();
    }
    // As the loop does: the wheel is polled when it asks for it.
    void drive(Duration by) {
        const TimePoint end = now_ + by;
        while (true) {
            const auto next = wheel_.next();
            if (!next || *next > end) break;
            now_ = std::max(now_, *next);
            wheel_.advance(now_);
            check();
        }
        now_ = end;
    }

private:
    static constexpr std::size_t kTimers = 5;
    using Timers = std::array<std::optional<Timer>, kTimers>;

    std::size_t index_of(const Timers::value_type& timer) const {
        return static_cast<std::size_t>(&timer - timers_.data());
    }

    // Every woken timer was due; every timer due for a whole tick was woken.
    void check() {
        for (std::size_t i = 0; i < kTimers; ++i) {
            if (probes_[i].take_wake()) {
                RC_ASSERT(due_[i].has_value());
                RC_ASSERT(*due_[i] <= now_);
                due_[i].reset();
            } else if (due_[i]) {
                RC_ASSERT(now_ < *due_[i] + TimerWheel::kTick);
            }
        }
    }

    EventLoop loop_;
    TimePoint now_ = test::kStart;
    TimerWheel wheel_{now_};
    std::array<test::Probe, kTimers> probes_{test::Probe{loop_}, test::Probe{loop_}, test::Probe{loop_},
                                             test::Probe{loop_}, test::Probe{loop_}};
    Timers timers_;
    std::array<std::optional<TimePoint>, kTimers> due_;
};

// From a nanosecond to hours, so that every part of the wheel is reached.
Duration some_time(std::uint32_t draw) { return Duration((std::int64_t{1} << draw) + draw); }

RC_GTEST_PROP(TimerWheelProperty, FiresAsAListOfDeadlinesWould, ()) {
    // An action, a timer and a time each; at full range whatever the size of the case.
    const auto draw_one = rc::gen::resize(rc::kNominalSize, rc::gen::inRange<std::uint32_t>(0, 8 * 5 * 44));
    const auto draws = *rc::gen::container<std::vector<std::uint32_t>>(draw_one);
    const auto model = std::make_unique<Model>();
    for (const std::uint32_t draw : draws) {
        const std::size_t timer = draw / 8 % 5;
        const Duration time = some_time(draw / 40);
        switch (draw % 8) {
            case 0:
            case 1:
            case 2: model->set(timer, time); break;
            case 3: model->set(timer, -time); break;
            case 4: model->clear(timer); break;
            case 5: model->replace(timer); break;
            case 6: model->jump(time); break;
            default: model->drive(std::min<Duration>(time, std::chrono::minutes(2))); break;
        }
    }
    model->drive(std::chrono::minutes(1));
}

}  // namespace
}  // namespace weir::net
