#pragma once
// What an engine's own gauges say against the limits of the policy. They are evidence, not the law: they can lower a
// limit that is too high, and no more than that.
//
//   slots   three readings in a row with 2 requests or more waiting inside the engine and the same number running: it
//           takes no more. 1 % more in each reading in which it is not full so, and as many as it is seen to run
//   cache   what Weir counts as in the engine / the share of its KV cache in use, where that is 30 % or more: the mean
//           of about the last 8 readings. Less than 85 % of the limit contradicts it: Weir's count is an estimate
//
// A single reading means little: what came since the engine's last step waits for the next. Readings count for 5 s.
// Not thread-safe: the judge's lock covers it.

#include <cstdint>
#include <limits>
#include <optional>

#include "base/gauges.hpp"
#include "base/time.hpp"

namespace weir::admission {

class GaugeEvidence {
public:
    // `context`: LLM tokens that Weir counts in the engine. Values that are missing, negative or not finite say
    // nothing.
    void read(const EngineGauges& gauges, std::uint64_t context, TimePoint now);

    // The least of `limit` and what the engine has shown.
    [[nodiscard]] std::uint32_t slots(std::uint32_t limit, TimePoint now) const;
    [[nodiscard]] std::uint64_t cache(std::uint64_t limit, TimePoint now) const;

private:
    [[nodiscard]] bool is_fresh(TimePoint now) const;
    void read_slots(double running, double waiting);

    static constexpr double kNone = std::numeric_limits<double>::infinity();
    double slots_ = kNone;
    double cache_ = kNone;
    double running_ = 0;  // at the first of the last readings that were alike
    int alike_ = 0;       // how many of the last readings were
    std::optional<TimePoint> read_at_;
};

}  // namespace weir::admission
