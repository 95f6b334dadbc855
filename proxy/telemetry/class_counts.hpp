#pragma once
// What one worker counts for one class, and the sum over all workers.

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <utility>

#include "base/ids.hpp"
#include "base/reason.hpp"
#include "telemetry/histogram.hpp"
#include "telemetry/labels.hpp"
#include "telemetry/outcome.hpp"
#include "telemetry/record.hpp"
#include "telemetry/slot.hpp"

namespace weir::telemetry {

// `other`: a status that HTTP does not define, or one that arrived when the table was full.
inline constexpr int kOtherStatus = 0;

// Counts by backend and small number, in a bounded hash table of the pairs that have occurred. A class meets one
// backend and a handful of statuses; a backend that invents statuses fills the table, and further ones count under
// `other`.
class BackendCounts {
public:
    // REQUIRES: 0 <= code < 1024.
    void count(BackendId backend, int code, std::uint64_t amount = 1);

    using Totals = std::map<std::pair<BackendId, int>, std::uint64_t>;
    void add_to(Totals& totals) const;
    // REQUIRES: no worker counts for this backend.
    void forget(BackendId backend);

private:
    static constexpr std::size_t kSlots = 64;

    struct Entry {
        std::atomic<std::uint32_t> key{0};  // published once, with release ordering
        Slot count;
    };

    std::array<Entry, kSlots> entries_;
    Slot overflow_;
};

// LLM tokens by direction and by the source of the number.
enum class Direction : std::uint8_t { in, out };
[[nodiscard]] constexpr int token_code(Direction direction, TokenSource source) {
    return static_cast<int>(direction) * static_cast<int>(kTokenSourceCount) + static_cast<int>(source);
}

struct ShedCounts {
    std::array<Slot, kReasonCount> enforced;
    std::array<Slot, kReasonCount> shadow;
};

// Failures are reported by reason, as sheds are; the other outcomes are caused by the caller.
[[nodiscard]] constexpr bool is_failure(Reason reason) {
    return group(reason) == ReasonGroup::backend || group(reason) == ReasonGroup::internal;
}

// Indexed by the rule's id.
struct DegradeCounts {
    std::array<Slot, kMaxRules> enforced;
    std::array<Slot, kMaxRules> shadow;
};

struct ClassTotals {
    std::array<std::uint64_t, kOutcomeCount> outcomes{};
    std::array<std::uint64_t, kReasonCount> enforced{};
    std::array<std::uint64_t, kReasonCount> shadow{};
    std::array<std::uint64_t, kReasonCount> failures{};
    std::array<std::uint64_t, kMaxRules> degraded{};
    std::array<std::uint64_t, kMaxRules> spared{};  // would have been applied, but for a rule in shadow mode
    std::uint64_t retries_seen = 0;
    std::uint64_t slo_valid = 0;
    std::uint64_t slo_good = 0;
    std::uint64_t bytes_in = 0;
    std::uint64_t bytes_out = 0;
    HistogramTotals duration;
    HistogramTotals first_token;
    HistogramTotals queue_wait;
    HistogramTotals overhead;
    BackendCounts::Totals responses;  // by status
    BackendCounts::Totals tokens;     // by token_code()
};

// Written by one worker, read by any thread. The objective is set by the thread that reloads.
class alignas(64) ClassCounts {
public:
    void count(const Record& record);
    void set_objective(Duration objective) { objective_.store(objective.count(), std::memory_order_relaxed); }
    void add_to(ClassTotals& totals) const;
    // Drops what was counted under an id that now belongs to another name. REQUIRES: no worker counts for it.
    void forget(BackendId backend);
    void forget(RuleId rule);

private:
    void count_rules(const Record& record);
    void count_lengths(const Record& record, Duration objective);
    void count_tokens(const Record& record);

    std::atomic<Duration::rep> objective_{0};  // for the first token; 0: no objective
    std::array<Slot, kOutcomeCount> outcomes_;
    Slot retries_seen_;
    Slot slo_valid_;
    Slot slo_good_;
    Slot bytes_in_;
    Slot bytes_out_;
    Histogram duration_{kDurationEdges};       // requests sent to a backend
    Histogram first_token_{kFirstTokenEdges};  // answers below 400 with at least one body byte
    Histogram queue_wait_{kFirstTokenEdges};   // requests sent to a backend, or that queued in vain
    Histogram overhead_{kOverheadEdges};       // requests sent to a backend
    ShedCounts shed_;
    std::array<Slot, kReasonCount> failures_;
    DegradeCounts degraded_;
    BackendCounts responses_;
    BackendCounts tokens_;
};

}  // namespace weir::telemetry
