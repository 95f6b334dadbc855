#include "telemetry/resources.hpp"

#include <gtest/gtest.h>

#include "unit/telemetry/pipe.hpp"

namespace weir::telemetry {
namespace {

TEST(Resources, AreThoseOfThisProcess) {
    const Resources before = read_resources();
    EXPECT_GE(before.threads, 1u);
    EXPECT_GT(before.resident_bytes, 1024u * 1024);
    EXPECT_GT(before.max_fds, before.open_fds);
    const Pipe pipe;
    EXPECT_EQ(read_resources().open_fds, before.open_fds + 2);
    EXPECT_GE(read_resources().cpu_seconds, before.cpu_seconds);
}

}  // namespace
}  // namespace weir::telemetry
