#include "telemetry/histogram.hpp"

#include <gtest/gtest.h>

#include <random>

namespace weir::telemetry {
namespace {

using namespace std::chrono_literals;

std::size_t bucket_by_walking(const BucketEdges& edges, std::uint64_t length) {
    std::size_t bucket = 0;
    while (bucket < edges.size() && length > edges.nanoseconds(bucket)) ++bucket;
    return bucket;
}

HistogramTotals totals_of(const Histogram& histogram, Duration extra_edge = {}) {
    HistogramTotals totals;
    histogram.add_to(totals, extra_edge);
    return totals;
}

TEST(BucketEdges, FindTheSameBucketAsALinearSearch) {
    for (const BucketEdges* edges : {&kDurationEdges, &kFirstTokenEdges, &kOverheadEdges}) {
        for (std::size_t i = 0; i < edges->size(); ++i) {
            for (const std::uint64_t length :
                 {edges->nanoseconds(i) - 1, edges->nanoseconds(i), edges->nanoseconds(i) + 1}) {
                EXPECT_EQ(edges->bucket_of(length), bucket_by_walking(*edges, length)) << length;
            }
        }
        std::mt19937_64 random(1);
        for (int i = 0; i < 20'000; ++i) {
            const std::uint64_t length = random() >> (random() % 64);
            ASSERT_EQ(edges->bucket_of(length), bucket_by_walking(*edges, length)) << length;
        }
    }
}

TEST(BucketEdges, AcceptTheShortestAndTheLongestLength) {
    EXPECT_EQ(kDurationEdges.bucket_of(0), 0u);
    EXPECT_EQ(kDurationEdges.bucket_of(~std::uint64_t{0}), kDurationEdges.size());
}

TEST(BucketEdges, NeedAtMostTwoComparisons) {
    for (const BucketEdges* edges : {&kDurationEdges, &kFirstTokenEdges, &kOverheadEdges}) {
        for (std::size_t i = 1; i < edges->size(); ++i) {
            EXPECT_GE(edges->seconds(i), edges->seconds(i - 1) * 1.25 * (1 - 1e-9));
        }
    }
}

TEST(Histogram, CountsALengthOnAnEdgeAsWithinIt) {
    Histogram histogram(kFirstTokenEdges);
    histogram.observe(1ms);
    histogram.observe(1ms + 1ns);
    const HistogramTotals totals = totals_of(histogram);
    EXPECT_EQ(totals.counts[0], 1u);
    EXPECT_EQ(totals.counts[1], 1u);
    EXPECT_EQ(totals.nanoseconds, 2'000'001u);
}

TEST(Histogram, CountsANegativeLengthAsZero) {
    Histogram histogram(kFirstTokenEdges);
    histogram.observe(-5ms);
    EXPECT_EQ(totals_of(histogram).counts[0], 1u);
    EXPECT_EQ(totals_of(histogram).nanoseconds, 0u);
}

TEST(Histogram, SplitsTheBucketOfTheObjective) {
    Histogram histogram(kFirstTokenEdges);
    const Duration objective = 1500ms;                                 // between the edges 1 s and 2.5 s
    histogram.observe(900ms, objective);                               // below the bucket
    for (int i = 0; i < 3; ++i) histogram.observe(1500ms, objective);  // in it, and met
    histogram.observe(1501ms, objective);                              // in it, and missed
    histogram.observe(3s, objective);                                  // above it
    const HistogramTotals totals = totals_of(histogram, objective);
    EXPECT_EQ(totals.counts[kFirstTokenEdges.bucket_of(1'500'000'000)], 4u);
    EXPECT_EQ(totals.below_extra, 3u);
}

TEST(Histogram, KeepsObjectivesBeyondTheLastEdge) {
    Histogram histogram(kFirstTokenEdges);
    histogram.observe(170s, 180s);
    histogram.observe(190s, 180s);
    EXPECT_EQ(totals_of(histogram, 180s).below_extra, 1u);
}

TEST(Histogram, StartsAnewWhenTheObjectiveChangesAndLosesNoCount) {
    Histogram histogram(kFirstTokenEdges);
    histogram.observe(1200ms, 1500ms);
    EXPECT_EQ(totals_of(histogram, 2s).below_extra, 0u) << "nothing is counted against the new objective yet";
    histogram.observe(1600ms, 2s);
    const HistogramTotals totals = totals_of(histogram, 2s);
    EXPECT_EQ(totals.below_extra, 1u);
    EXPECT_EQ(totals.counts[kFirstTokenEdges.bucket_of(1'600'000'000)], 2u);
}

}  // namespace
}  // namespace weir::telemetry
