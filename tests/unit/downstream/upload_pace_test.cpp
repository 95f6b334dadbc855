#include "downstream/transfer/upload_pace.hpp"

#include <gtest/gtest.h>

#include "support/virtual_time.hpp"

namespace weir::downstream {
namespace {

using test::kStart;
using namespace std::chrono_literals;

ConnectionLimits limits(std::uint64_t rate) {
    ConnectionLimits limits;
    limits.body_timeout = 30s;
    limits.body_rate = rate;
    return limits;
}

TEST(UploadPace, AllowsNoPauseLongerThanTheTimeOut) {
    UploadPace pace(limits(0), kStart);
    EXPECT_EQ(pace.deadline(), kStart + 30s);
    pace.took(1, kStart + 20s);
    EXPECT_EQ(pace.deadline(), kStart + 50s);
    pace.took(1, kStart + 45s);
    EXPECT_EQ(pace.deadline(), kStart + 75s) << "without a rate a byte now and then will do";
}

TEST(UploadPace, WantsItsRateOnTheAverageOnceTheTimeOutIsOver) {
    UploadPace pace(limits(100), kStart);
    pace.took(1, kStart + 20s);
    EXPECT_EQ(pace.deadline(), kStart + 30s + 10ms) << "a byte is worth a hundredth of a second";
    pace.took(999, kStart + 29s);
    EXPECT_EQ(pace.deadline(), kStart + 40s);
}

TEST(UploadPace, NeverAllowsALongerPauseForWhatCameFast) {
    UploadPace pace(limits(100), kStart);
    pace.took(1'000'000, kStart + 1s);
    EXPECT_EQ(pace.deadline(), kStart + 31s);
}

TEST(UploadPace, DoesNotCountTheTimeInWhichTheClientCouldNotSend) {
    UploadPace pace(limits(100), kStart);
    pace.took(500, kStart + 10s);
    pace.excuse(60s, kStart + 70s);
    EXPECT_EQ(pace.deadline(), kStart + 60s + 35s);
}

}  // namespace
}  // namespace weir::downstream
