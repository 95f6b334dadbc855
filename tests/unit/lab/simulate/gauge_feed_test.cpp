#include "lab/simulate/gauge_feed.hpp"

#include <gtest/gtest.h>

#include "support/virtual_time.hpp"

namespace weir::simulate {
namespace {

using namespace std::chrono_literals;

constexpr EndpointId kEngine{0};

class Feed : public ::testing::Test {
protected:
    void submit(RequestId id) { ASSERT_TRUE(engines.front().submit(id, 100, 1'000, 0, test::kStart)); }
    [[nodiscard]] std::uint32_t present(const GaugeFeed& feed) const {
        const EngineCounts counts = feed.counts(kEngine);
        return counts.running + counts.waiting;
    }

    std::vector<Engine> engines{Engine(*engine_preset("small-gpu"))};
};

TEST_F(Feed, WithoutAnIntervalIsAsOfNow) {
    const GaugeFeed feed({}, engines, 1, test::kStart);
    submit(1);
    EXPECT_EQ(present(feed), 1U);
    EXPECT_EQ(feed.age(test::kStart + 5s), 0s);
}

TEST_F(Feed, IsAsOfItsLastReading) {
    GaugeFeed feed({1s}, engines, 1, test::kStart);
    submit(1);
    EXPECT_EQ(present(feed), 0U);
    feed.catch_up(test::kStart + 1s);
    EXPECT_EQ(present(feed), 0U) << "a reading at that instant comes after what happens then";
    feed.catch_up(test::kStart + 3500ms);
    EXPECT_EQ(present(feed), 1U);
    EXPECT_EQ(feed.age(test::kStart + 3500ms), 500ms);
    submit(2);
    EXPECT_EQ(present(feed), 1U);
    feed.catch_up(test::kStart + 4001ms);
    EXPECT_EQ(present(feed), 2U);
}

TEST_F(Feed, VariesByItsNoiseAndIsDrawnFromTheSeed) {
    for (RequestId id = 0; id < 400; ++id) submit(id);
    double sum = 0;
    bool differs = false;
    GaugeFeed feed({1s, 0.2}, engines, 1, test::kStart);
    GaugeFeed other({1s, 0.2}, engines, 2, test::kStart);
    for (int i = 0; i < 200; ++i) {
        feed.catch_up(test::kStart + 1s * (i + 1) + 1ms);
        other.catch_up(test::kStart + 1s * (i + 1) + 1ms);
        sum += present(feed);
        differs |= present(feed) != present(other);
    }
    EXPECT_NEAR(sum / 200, 400, 25);
    EXPECT_TRUE(differs);
}

}  // namespace
}  // namespace weir::simulate
