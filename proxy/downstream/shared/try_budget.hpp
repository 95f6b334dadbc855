#pragma once
// How many requests of a class may be in a second or later try at once: a share of those in flight, so that a backend
// in trouble is not given more work because of it (retry budgets: B. Beyer et al., Site Reliability Engineering,
// chapter 22, "Handling Overload"; here by what is in flight, which needs no window).
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

    [[nodiscard]] std::uint32_t used() const { return used_.load(std::memory_order_relaxed); }

private:
    bool take(std::uint32_t inflight) {
        const auto allowed = std::max(kLeast, static_cast<std::uint32_t>(share_ * inflight));
        if (used_.fetch_add(1, std::memory_order_relaxed) < allowed) return true;
        used_.fetch_sub(1, std::memory_order_relaxed);
        return false;
    }

    double share_;
    std::atomic<std::uint32_t> used_{0};
};

}  // namespace weir::downstream
