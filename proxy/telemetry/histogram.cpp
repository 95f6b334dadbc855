#include "telemetry/histogram.hpp"

namespace weir::telemetry {

static_assert(Duration::period::den == 1'000'000'000 && Duration::period::num == 1,
              "lengths are counted in nanoseconds");

std::size_t Histogram::observe_bucket(std::uint64_t length) {
    const std::size_t bucket = edges_.bucket_of(length);
    counts_[bucket].add(1);
    nanoseconds_.add(length);
    return bucket;
}

void Histogram::observe(Duration length, Duration extra_edge) {
    const std::size_t bucket = observe_bucket(clamp(length));
    if (extra_edge_.load(std::memory_order_relaxed) != extra_edge.count()) {
        below_extra_.store(0);
        // Stored after the count: a reader of the new edge never reads a count of the old one.
        extra_edge_.store(extra_edge.count(), std::memory_order_release);
    }
    if (length <= extra_edge && bucket == edges_.bucket_of(clamp(extra_edge))) below_extra_.add(1);
}

void Histogram::add_to(HistogramTotals& totals, Duration extra_edge) const {
    if (extra_edge_.load(std::memory_order_acquire) == extra_edge.count()) totals.below_extra += below_extra_.load();
    for (std::size_t i = 0; i <= edges_.size(); ++i) totals.counts[i] += counts_[i].load();
    totals.nanoseconds += nanoseconds_.load();
}

}  // namespace weir::telemetry
