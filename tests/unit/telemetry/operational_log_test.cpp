#include "telemetry/operational_log.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <spdlog/spdlog.h>

#include "unit/telemetry/pipe.hpp"

namespace weir::telemetry {
namespace {

TEST(OperationalLog, WritesOneLinePerMessageWithItsTime) {
    Pipe pipe;
    const OperationalLog log("info", pipe.write_fd());
    spdlog::info("reloaded {}", "policy.yaml");
    EXPECT_THAT(pipe.read_to("\n"), testing::MatchesRegex("20..-..-..T..:..:..[.]...Z info reloaded policy.yaml\n"));
}

TEST(OperationalLog, KeepsAMessageOnOneLineWhateverItQuotes) {
    Pipe pipe;
    const OperationalLog log("info", pipe.write_fd());
    spdlog::warn("odd name: a\nb\x1b[2Jc");
    const std::string text = pipe.read_to("\n");
    EXPECT_NE(text.find("odd name: a?b?[2Jc\n"), std::string::npos) << text;
}

TEST(OperationalLog, LeavesOutMessagesBelowItsLevel) {
    Pipe pipe;
    OperationalLog log("error", pipe.write_fd());
    spdlog::warn("not this");
    log.set_level("debug");
    spdlog::debug("but this");
    EXPECT_EQ(pipe.read_to("\n").find("not this"), std::string::npos);
}

TEST(OperationalLog, EndsThoughItsOutputIsNotRead) {
    Pipe pipe;
    pipe.fill();
    {
        const OperationalLog log("info", pipe.write_fd());
        for (int i = 0; i < 20'000; ++i) spdlog::info("into the void {}", i);
    }
    spdlog::info("after the end: lost, and no crash");
}

}  // namespace
}  // namespace weir::telemetry
