// Limits on LLM tokens over random histories: what is held never exceeds the burst, what is spent never outruns the
// rate, and nothing is left held once all have ended.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <deque>
#include <vector>

#include "admission/rate_limit/limits.hpp"

namespace weir::admission {
namespace {

using namespace std::chrono_literals;

constexpr TimePoint kStart = TimePoint(1h);
constexpr double kBurst = 600;
constexpr double kPerSecond = 10;

struct Running {
    ClientSlot slot{};
    Reservation reservation;
    Tokens estimate;
    Tokens spent;
};

struct Step {
    std::uint8_t kind;
    std::uint16_t a;
    std::uint16_t b;
};

class History {
public:
    History() {
        ClassConfig config;
        config.limits.tokens = TokenLimitConfig{RateConfig{kPerSecond, kBurst}, {}, {}};
        limits_.emplace(config, 64, kStart);
    }

    void take(const Step& step) {
        switch (step.kind % 4) {
            case 0: return arrive({step.a % 300U, step.b % 300U});
            case 1: return spend(step);
            case 2: return settle(step);
            default: now_ += std::chrono::milliseconds(step.a % 20'000);
        }
    }

    void end_all() {
        while (!running_.empty()) settle({2, 0, 0});
    }

    [[nodiscard]] double remaining() const { return limits_->allowance(1, now_).of[1].remaining; }
    [[nodiscard]] double held() const {
        double held = 0;
        for (const Running& request : running_) held += request.reservation.of_class.held[Meter::tokens];
        return held;
    }
    // The true cost of the ended requests, beyond what the rate allows by now.
    [[nodiscard]] double excess() const { return settled_ - kBurst - kPerSecond * seconds(now_ - kStart); }
    void pass(Duration time) { now_ += time; }

private:
    void arrive(const Tokens& estimate) {
        if (limits_->check(1, now_, estimate).live) return;
        Running& request = running_.emplace_back();
        request.estimate = estimate;
        request.slot = limits_->enter(1, now_);
        limits_->charge(request.slot, now_, estimate, request.reservation);
    }
    // The whole prompt, and more of the answer, within the estimate.
    void spend(const Step& step) {
        if (running_.empty()) return;
        Running& request = running_[step.a % running_.size()];
        request.spent.input = request.estimate.input;
        const std::uint32_t left = request.estimate.output - request.spent.output;
        request.spent.output += left > 0 ? step.b % (left + 1) : 0;
        limits_->spend(request.slot, request.reservation, request.spent, now_);
    }
    // The truth: no more than was estimated, and no less of the answer than has been observed.
    void settle(const Step& step) {
        if (running_.empty()) return;
        const auto at = running_.begin() + static_cast<std::ptrdiff_t>(step.a % running_.size());
        const Tokens truth{step.b % (at->estimate.input + 1), at->spent.output};
        limits_->settle(at->slot, at->reservation, truth, now_);
        limits_->leave(at->slot);
        settled_ += static_cast<double>(truth.on(Meter::tokens));
        running_.erase(at);
    }

    std::optional<ClassLimits> limits_;
    std::deque<Running> running_;
    TimePoint now_ = kStart;
    double settled_ = 0;
};

void take_all(History& history, const std::vector<std::tuple<std::uint8_t, std::uint16_t, std::uint16_t>>& steps) {
    for (const auto& [kind, a, b] : steps) {
        history.take({kind, a, b});
        RC_ASSERT(history.held() <= kBurst);
        RC_ASSERT(history.excess() <= 1e-3);
    }
}

using Steps = std::vector<std::tuple<std::uint8_t, std::uint16_t, std::uint16_t>>;

RC_GTEST_PROP(TokenLimitProperty, WhatIsSpentNeverOutrunsTheRate, ()) {
    const auto steps = *rc::gen::scale(3, rc::gen::arbitrary<Steps>());
    History history;
    take_all(history, steps);
}

RC_GTEST_PROP(TokenLimitProperty, NothingIsHeldOnceAllHaveEnded, ()) {
    const auto steps = *rc::gen::scale(3, rc::gen::arbitrary<Steps>());
    History history;
    take_all(history, steps);
    history.end_all();
    history.pass(std::chrono::hours(2));
    RC_ASSERT(history.remaining() > kBurst - 1e-3);
}

}  // namespace
}  // namespace weir::admission
