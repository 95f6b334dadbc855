#include "telemetry/access_log.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>

#include "unit/telemetry/samples.hpp"

namespace weir::telemetry {
namespace {

constexpr int kMany = 2000;

class AccessLogTest : public testing::Test {
protected:
    AccessLogTest() {
        names.update(sample_labels());
        config.to = "/dev/null";
        config.queue_lines = 100'000;
    }

    // How many lines kMany such requests get.
    std::uint64_t lines_of(const Record& record) {
        AccessLog log(1, names);
        EXPECT_TRUE(log.reconfigure(config).has_value());
        for (int i = 0; i < kMany; ++i) log.record(0, record);
        log.shutdown();
        EXPECT_EQ(log.counts().dropped, 0u);
        return log.counts().lines;
    }

    Names names;
    AccessLogConfig config;
};

TEST_F(AccessLogTest, WritesEveryRequestByDefault) { EXPECT_EQ(lines_of(served_record()), kMany); }

TEST_F(AccessLogTest, WritesTheConfiguredShare) {
    config.sample_served = 0.1;
    EXPECT_NEAR(static_cast<double>(lines_of(served_record())), 0.1 * kMany, 60);
}

TEST_F(AccessLogTest, SamplesByHowARequestEnded) {
    config.sample_served = 0;
    config.sample_failed = 0;
    EXPECT_EQ(lines_of(served_record()), 0u);
    EXPECT_EQ(lines_of(shed_record()), kMany);
    Record failed = served_record();
    failed.reason = Reason::backend_reset;
    EXPECT_EQ(lines_of(failed), 0u);
}

TEST_F(AccessLogTest, GivesSparedRequestsTheHigherChance) {
    config.sample_served = 0;
    Record spared = served_record();
    spared.shadow = true;
    spared.shadow_reason = Reason::queue_full;
    EXPECT_EQ(lines_of(spared), kMany);
}

TEST_F(AccessLogTest, StampsALineWithTheTimeOfArrival) {
    const auto file = std::filesystem::temp_directory_path() / fmt::format("weir-access-{}.log", ::getpid());
    config.to = file.string();
    Record record = served_record();
    record.duration = 1h;
    const auto before = std::chrono::system_clock::now();
    EXPECT_EQ(lines_of(record), kMany);
    const auto after = std::chrono::system_clock::now();
    std::string written;
    std::getline(std::ifstream(file), written);
    std::filesystem::remove(file);
    // Timestamps of one format sort in the order of their times.
    const auto stamp_of = [&](std::chrono::system_clock::time_point arrived) {
        return std::string(AccessLine(names).write(record, arrived).substr(0, 32));
    };
    EXPECT_GE(written.substr(0, 32), stamp_of(before - 1h));
    EXPECT_LE(written.substr(0, 32), stamp_of(after - 1h));
}

TEST_F(AccessLogTest, WritesNothingWhenOff) {
    config.to = "off";
    EXPECT_EQ(lines_of(served_record()), 0u);
}

TEST_F(AccessLogTest, StaysAsItIsWhenTheNewFileCannotBeOpened) {
    AccessLog log(1, names);
    ASSERT_TRUE(log.reconfigure(config).has_value());
    AccessLogConfig broken = config;
    broken.to = "/nowhere/access.log";
    broken.sample_served = 0;
    EXPECT_FALSE(log.reconfigure(broken).has_value());
    log.record(0, served_record());
    log.shutdown();
    EXPECT_EQ(log.counts().lines, 1u);
}

}  // namespace
}  // namespace weir::telemetry
