#include "gateway/look_up_pace.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <vector>

#include "support/virtual_time.hpp"

namespace weir::gateway {
namespace {

using namespace std::chrono_literals;
using test::kStart;

TEST(LookUpPace, IsThatOfTheRecordsWithinBounds) {
    LookUpPace pace;
    EXPECT_TRUE(pace.is_due(kStart, false)) << "nothing is known yet";
    pace.answered(kStart, 60s);
    EXPECT_FALSE(pace.is_due(kStart + 59s, true));
    EXPECT_TRUE(pace.is_due(kStart + 60s, false));
    EXPECT_EQ(pace.next(kStart), kStart + 60s);
    pace.answered(kStart, 0s);
    EXPECT_FALSE(pace.is_due(kStart + 999ms, false));
    pace.answered(kStart, 24h);
    EXPECT_TRUE(pace.is_due(kStart + 5min, false));
}

// The times of the look-ups, in milliseconds, where none succeeds.
std::vector<std::int64_t> failures(bool is_down, std::size_t count) {
    LookUpPace pace;
    std::vector<std::int64_t> times;
    for (TimePoint now = kStart; times.size() < count; now = pace.next(now)) {
        if (!pace.is_due(now, is_down)) continue;
        pace.failed(now);
        times.push_back(std::chrono::duration_cast<std::chrono::milliseconds>(now - kStart).count());
    }
    return times;
}

TEST(LookUpPace, SlowsDownWhileANameServerFails) {
    EXPECT_EQ(failures(false, 9),
              (std::vector<std::int64_t>{0, 500, 1500, 3500, 7500, 15'500, 31'500, 61'500, 91'500}));
}

TEST(LookUpPace, DoesNotWhileTheBackendHasNoOtherEndpoint) {
    EXPECT_EQ(failures(true, 7), (std::vector<std::int64_t>{0, 500, 1500, 3500, 5500, 7500, 9500}));
}

TEST(LookUpPace, TakesUpSpeedWhenTheBackendGoesDown) {
    LookUpPace pace;
    for (int i = 0; i < 10; ++i) pace.failed(kStart);
    EXPECT_LE(pace.next(kStart + 10s), kStart + 12s);
    EXPECT_FALSE(pace.is_due(kStart + 10s, false));
    EXPECT_TRUE(pace.is_due(kStart + 10s, true));
}

}  // namespace
}  // namespace weir::gateway
