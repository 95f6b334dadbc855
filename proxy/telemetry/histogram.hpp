#pragma once
// How long things took: counts between fixed edges, found without a walk along them.
//
// Edges follow the OpenTelemetry GenAI conventions, where neighbours are at least a quarter apart. A length's leading
// bit and the two bits after it name one of 252 cells, each no wider than a quarter of its lower bound; a table gives
// the first bucket that a cell overlaps, and at most two comparisons finish the search.

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>

#include "base/time.hpp"
#include "telemetry/slot.hpp"

namespace weir::telemetry {

inline constexpr std::size_t kMaxEdges = 24;

// The edges of a histogram: inclusive upper bounds, as in Prometheus. Bucket i lies above edge i-1 and up to edge i;
// the last bucket lies above all edges.
class BucketEdges {
public:
    // REQUIRES: ascending, at most kMaxEdges.
    constexpr BucketEdges(std::initializer_list<double> edges) {
        for (const double edge : edges) {
            seconds_[size_] = edge;
            nanoseconds_[size_++] = static_cast<std::uint64_t>(edge * 1e9 + 0.5);
        }
        for (std::size_t cell = 0; cell < kCells; ++cell) {
            while (first_[cell] < size_ && nanoseconds_[first_[cell]] < lowest_of(cell)) ++first_[cell];
        }
    }

    [[nodiscard]] constexpr std::size_t size() const { return size_; }
    [[nodiscard]] constexpr double seconds(std::size_t edge) const { return seconds_[edge]; }
    [[nodiscard]] constexpr std::uint64_t nanoseconds(std::size_t edge) const { return nanoseconds_[edge]; }

    // The bucket of a length, from 0 to size().
    [[nodiscard]] constexpr std::size_t bucket_of(std::uint64_t length) const {
        std::size_t bucket = first_[cell_of(length)];
        while (bucket < size_ && length > nanoseconds_[bucket]) ++bucket;
        return bucket;
    }

private:
    static constexpr std::size_t kCells = 252;

    static constexpr std::size_t cell_of(std::uint64_t value) {
        const auto width = static_cast<std::size_t>(std::bit_width(value));
        return width < 3 ? static_cast<std::size_t>(value) : (width - 2) * 4 + ((value >> (width - 3)) & 3);
    }
    static constexpr std::uint64_t lowest_of(std::size_t cell) {
        return cell < 4 ? cell : std::uint64_t{4 + cell % 4} << (cell / 4 - 1);
    }

    std::array<double, kMaxEdges> seconds_{};
    std::array<std::uint64_t, kMaxEdges> nanoseconds_{};
    std::array<std::uint8_t, kCells> first_{};
    std::size_t size_ = 0;
};

// gen_ai.client.operation.duration, extended to the longest requests that Weir allows.
inline constexpr BucketEdges kDurationEdges{0.01, 0.02,  0.04,  0.08,  0.16,  0.32,   0.64,   1.28,  2.56,
                                            5.12, 10.24, 20.48, 40.96, 81.92, 163.84, 327.68, 655.36};
// gen_ai.server.time_to_first_token, with vLLM's upper end. Time in the queue is part of it, so it has the same edges.
inline constexpr BucketEdges kFirstTokenEdges{0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5,
                                              0.75,  1,     2.5,  5,    7.5,  10,   20,   40,  80,   160};
inline constexpr BucketEdges kOverheadEdges{0.00001, 0.000025, 0.00005, 0.0001, 0.00025, 0.0005,
                                            0.001,   0.0025,   0.005,   0.01,   0.025,   0.1};

// The counts of several histograms with the same edges, summed.
struct HistogramTotals {
    std::array<std::uint64_t, kMaxEdges + 1> counts{};  // by bucket
    std::uint64_t nanoseconds = 0;                      // the sum of all lengths
    std::uint64_t below_extra = 0;                      // of the bucket with the extra edge: those up to that edge
};

// Written by one worker, read by any thread.
class Histogram {
public:
    explicit Histogram(const BucketEdges& edges) : edges_(edges) {}

    void observe(Duration length) { (void)observe_bucket(clamp(length)); }

    // The same, with one more edge, the class's objective, so that the share that met it can be read exactly. When the
    // objective changes, earlier counts stay above the new edge.
    void observe(Duration length, Duration extra_edge);

    void add_to(HistogramTotals& totals, Duration extra_edge) const;

private:
    static std::uint64_t clamp(Duration length) {
        return length > Duration::zero() ? static_cast<std::uint64_t>(length.count()) : 0;
    }
    std::size_t observe_bucket(std::uint64_t length);

    const BucketEdges& edges_;
    std::array<Slot, kMaxEdges + 1> counts_;
    Slot nanoseconds_;
    std::atomic<Duration::rep> extra_edge_{0};
    Slot below_extra_;
};

}  // namespace weir::telemetry
