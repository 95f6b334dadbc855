#pragma once
// How many requests of a class may be in a second or later try: a share of those in flight, so that a backend in
// trouble is not given more work because of it (retry budgets: B. Beyer et al., Site Reliability Engineering, chapter
// 21, "Handling Overload").
//
// Beyond that share, requests that need no second try earn it for others, up to a bound: the loss of an endpoint fails
// all of its requests at the same instant, and most of them would find the share used up. Every second try costs one of
// what was earned, so that in a brown-out, where they go on, nothing is left of it and the share decides.
//
// Threading: any thread.

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <utility>

namespace weir::downstream {

class TryBudget {
public:
    // However few requests are in flight.
    static constexpr std::uint32_t kLeast = 3;
    // That may have been earned.
    static constexpr std::int64_t kMostEarned = 100;

    // `share` of the requests in flight, 0 to 1.
    explicit TryBudget(double share) : share_(share) {}

    // A request's part of the budget, from its second try to its end.
    class Part {
    public:
        Part() = default;
        ~Part() {
            if (budget_ != nullptr) budget_->used_.fetch_sub(1, std::memory_order_relaxed);
        }
        Part(const Part&) = delete;
        Part& operator=(const Part&) = delete;

        // False when the budget is used up. Taken once: later calls keep it. `inflight`: of its class.
        [[nodiscard]] bool take(TryBudget& budget, std::uint32_t inflight) {
            if (budget_ == nullptr && budget.take(inflight)) budget_ = &budget;
            return budget_ != nullptr;
        }

    private:
        TryBudget* budget_ = nullptr;
    };

    // A request has ended that needed one try.
    void earn() {
        const std::int64_t earned = earned_.load(std::memory_order_relaxed);
        // Two that end at once may earn for one: it is a bound, not a count.
        if (earned < kMostEarned * kUnit) earned_.store(earned + part_, std::memory_order_relaxed);
    }

    [[nodiscard]] std::uint32_t used() const { return used_.load(std::memory_order_relaxed); }

private:
    bool take(std::uint32_t inflight) {
        const auto allowed = std::max(kLeast, static_cast<std::uint32_t>(share_ * inflight));
        const bool earned = earned_.load(std::memory_order_relaxed) >= kUnit;
        if (earned) earned_.fetch_sub(kUnit, std::memory_order_relaxed);
        if (used_.fetch_add(1, std::memory_order_relaxed) < allowed || earned) return true;
        used_.fetch_sub(1, std::memory_order_relaxed);
        return false;
    }

    static constexpr std::int64_t kUnit = 1'000'000;

    double share_;
    std::int64_t part_ = static_cast<std::int64_t>(share_ * kUnit);  // what one request earns
    std::atomic<std::int64_t> earned_{0};
    std::atomic<std::uint32_t> used_{0};
};

}  // namespace weir::downstream
