#include "lab/simulate/timeline.hpp"

#include <gtest/gtest.h>

#include <numeric>

#include "unit/lab/simulate/small_simulation.hpp"

namespace weir::simulate {
namespace {

using namespace std::chrono_literals;

constexpr ClassId kOnly{0};

TEST(Timeline, CountsByTheSecond) {
    Recorder recorder(1);
    recorder.count(Recorder::Event::offered, kOnly, 0s);
    recorder.count(Recorder::Event::offered, kOnly, 999ms);
    recorder.count(Recorder::Event::offered, kOnly, 2s);
    recorder.count(Recorder::Event::served, kOnly, 2s);
    const Timeline timeline = recorder.close();
    EXPECT_EQ(timeline.width, 1s);
    EXPECT_EQ(timeline.classes[0].offered, (std::vector<std::uint32_t>{2, 0, 1}));
    EXPECT_EQ(timeline.classes[0].served, (std::vector<std::uint32_t>{0, 0, 1}));
}

TEST(Timeline, KeepsAtMostSixHundredStretchesAndLosesNothing) {
    Recorder recorder(1);
    for (int i = 0; i < 10'000; ++i) recorder.count(Recorder::Event::tried, kOnly, std::chrono::seconds(i));
    const Timeline timeline = recorder.close();
    EXPECT_LE(timeline.classes[0].tries.size(), 600U);
    EXPECT_GE(timeline.classes[0].tries.size(), 300U);
    EXPECT_EQ(timeline.width, 32s);
    const auto& tries = timeline.classes[0].tries;
    EXPECT_EQ(std::accumulate(tries.begin(), tries.end(), 0U), 10'000U);
    EXPECT_EQ(tries[100], 32U);
}

TEST(Timeline, KnowsQuantilesToTenPercent) {
    Recorder recorder(1);
    for (int i = 1; i <= 100; ++i) recorder.first_token(kOnly, 0s, i * 10ms);
    recorder.count(Recorder::Event::offered, kOnly, 1s);
    const Timeline timeline = recorder.close();
    EXPECT_NEAR(*timeline.classes[0].first_token_p50[0], 0.5, 0.05);
    EXPECT_NEAR(*timeline.classes[0].first_token_p99[0], 0.99, 0.1);
    EXPECT_FALSE(timeline.classes[0].first_token_p50[1]);
}

TEST(Timeline, ShowsMeansOfTheSnapshots) {
    Recorder recorder(1);
    for (int i = 0; i < 8; ++i) {
        Snapshot snapshot;
        snapshot.waiting = {static_cast<std::uint32_t>(i)};
        snapshot.inflight = i < 4 ? 2 : 6;
        recorder.sample(snapshot);
    }
    const Timeline timeline = recorder.close();
    EXPECT_EQ(timeline.classes[0].waiting, (std::vector<double>{1.5, 5.5}));
    EXPECT_EQ(timeline.inflight, (std::vector<double>{2, 6}));
}

TEST(Timeline, AgreesWithTheTotalsOfItsRun) {
    SimulationConfig config = test::sim_config();
    config.timeline = true;
    const simulate::Run run = test::sim_run(config, test::sim_trace(20, 15, 100));
    ASSERT_TRUE(run.timeline);
    const auto sum = [](const std::vector<std::uint32_t>& values) {
        return std::accumulate(values.begin(), values.end(), std::uint64_t{0});
    };
    for (std::size_t cls = 0; cls < run.classes.size(); ++cls) {
        const Tally& tally = run.classes[cls].whole;
        const Timeline::Class& line = run.timeline->classes[cls];
        EXPECT_EQ(sum(line.offered), tally.offered);
        EXPECT_EQ(sum(line.tries), tally.offered + tally.retries);
        EXPECT_EQ(sum(line.served), tally.served);
        EXPECT_EQ(sum(line.failed), tally.failed());
        EXPECT_EQ(sum(line.refused), tally.refused() + tally.retries);
    }
    // In the middle of it the engine is full and bulk waits in the queue.
    EXPECT_GT(run.timeline->inflight[10], 12);
    EXPECT_LE(run.timeline->inflight[10], 16);
    EXPECT_GT(run.timeline->classes[1].waiting[10], 10);
    EXPECT_GT(run.timeline->kv[10], 0);
    // It ends when the last request is over, not with the last timer.
    const auto stretches = static_cast<double>(run.timeline->inflight.size());
    EXPECT_LE(stretches * seconds(run.timeline->width), seconds(run.length) + 1);
}

}  // namespace
}  // namespace weir::simulate
