#pragma once
// How many of an endpoint's last requests failed: over ten seconds, in steps of one.
//
// It keeps snapshots of counters that only grow, so that a request costs nothing more than its count.
//
// Not thread-safe; Endpoint locks.

#include <array>
#include <cstdint>

#include "base/time.hpp"

namespace weir::upstream {

struct AnswerCounts {
    std::uint64_t good = 0;
    std::uint64_t failed = 0;

    [[nodiscard]] std::uint64_t all() const { return good + failed; }
    // 0 to 1; 0 without requests.
    [[nodiscard]] double failure_ratio() const {
        return all() == 0 ? 0 : static_cast<double>(failed) / static_cast<double>(all());
    }
    AnswerCounts& operator+=(const AnswerCounts& other) {
        good += other.good;
        failed += other.failed;
        return *this;
    }
};

class AnswerWindow {
public:
    // To be called a few times a second, with all counts so far.
    void tick(const AnswerCounts& total, TimePoint now);
    // Those of the last ten seconds; since the last restart(), if that is later.
    [[nodiscard]] AnswerCounts recent(const AnswerCounts& total) const;
    // Forgets what was before.
    void restart(const AnswerCounts& total) { snapshots_.fill(total); }

private:
    std::array<AnswerCounts, 10> snapshots_{};
    std::size_t oldest_ = 0;
    TimePoint taken_at_{};
};

}  // namespace weir::upstream
