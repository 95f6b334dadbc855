#include "telemetry/log_writer.hpp"

#include <gtest/gtest.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "unit/telemetry/pipe.hpp"

namespace weir::telemetry {
namespace {

using namespace std::chrono_literals;

constexpr std::uint32_t kQueueLines = 100;

std::string contents(const std::filesystem::path& path) {
    std::stringstream text;
    text << std::ifstream(path).rdbuf();
    return text.str();
}

class LogWriterTest : public testing::Test {
protected:
    LogWriterTest() : directory(std::filesystem::path(testing::TempDir()) / ("weir_log_" + std::to_string(getpid()))) {
        std::filesystem::create_directories(directory);
    }
    ~LogWriterTest() override { std::filesystem::remove_all(directory); }

    void write_to(const std::string& path) {
        Result<LogSink> sink = LogSink::open(path);
        ASSERT_TRUE(sink.has_value()) << sink.error().message;
        writer.set_sink(path, std::move(sink.value()), kQueueLines);
    }

    std::filesystem::path directory;
    LogWriter writer{2};
};

TEST_F(LogWriterTest, WritesTheLinesOfALaneInOrder) {
    const std::string path = directory / "access.log";
    write_to(path);
    writer.push(0, "one\n");
    writer.push(0, "two\n");
    writer.shutdown();
    EXPECT_EQ(contents(path), "one\ntwo\n");
    EXPECT_EQ(writer.counts().lines, 2u);
    EXPECT_EQ(writer.counts().dropped, 0u);
}

TEST_F(LogWriterTest, NeverWaitsForABlockedPipeAndCountsWhatItDrops) {
    Pipe pipe;
    pipe.fill();
    write_to(pipe.path());
    for (int i = 0; i < 1000; ++i) writer.push(0, "a line that is never read\n");
    writer.shutdown(20ms);
    EXPECT_EQ(writer.counts().lines, 0u);
    EXPECT_EQ(writer.counts().dropped, 1000u);
}

TEST_F(LogWriterTest, ResumesWhenAPipeIsReadAgain) {
    Pipe pipe;
    const std::size_t filled = pipe.fill();
    write_to(pipe.path());
    writer.push(1, "late\n");
    EXPECT_EQ(pipe.read_bytes(filled + 5).substr(filled), "late\n");
    writer.shutdown();
    EXPECT_EQ(writer.counts().lines, 1u);
}

TEST_F(LogWriterTest, LeavesASharedDescriptorBlocking) {
    const int before = fcntl(STDOUT_FILENO, F_GETFL);
    write_to("stdout");
    writer.shutdown();
    EXPECT_EQ(fcntl(STDOUT_FILENO, F_GETFL), before);
}

TEST_F(LogWriterTest, SurvivesAReaderThatLeft) {
    Pipe pipe;
    write_to(pipe.path());
    pipe.close_reader();
    writer.push(0, "unread\n");
    writer.shutdown();
    EXPECT_EQ(writer.counts().dropped, 1u);
}

TEST_F(LogWriterTest, CountsLinesRefusedByAFullDiskAsDropped) {
    write_to("/dev/full");
    writer.push(0, "one\n");
    writer.push(1, "two\n");
    writer.shutdown();
    EXPECT_EQ(writer.counts().lines, 0u);
    EXPECT_EQ(writer.counts().dropped, 2u);
}

TEST_F(LogWriterTest, WritesToTheNewFileAfterARotation) {
    const std::string path = directory / "access.log";
    write_to(path);
    std::filesystem::rename(path, path + ".1");
    writer.reopen();
    writer.push(0, "after\n");
    writer.shutdown();
    EXPECT_EQ(contents(path), "after\n");
}

TEST_F(LogWriterTest, KeepsItsFileWhenReopeningFails) {
    const std::string path = directory / "moved" / "access.log";
    std::filesystem::create_directories(directory / "moved");
    write_to(path);
    std::filesystem::rename(directory / "moved", directory / "away");
    writer.reopen();
    writer.push(0, "still here\n");
    writer.shutdown();
    EXPECT_EQ(contents(directory / "away" / "access.log"), "still here\n");
}

TEST_F(LogWriterTest, BoundsWaitingBytesAsWellAsLines) {
    Pipe pipe;
    pipe.fill();
    write_to(pipe.path());
    const std::string line = std::string(100'000, 'x') + "\n";
    for (int i = 0; i < 100; ++i) writer.push(0, line);
    EXPECT_GE(writer.counts().dropped, 90u);
    writer.shutdown(0ms);
}

TEST(LogSink, RefusesANamedPipeWithoutAReaderInsteadOfWaiting) {
    const std::string path = testing::TempDir() + "weir_fifo_" + std::to_string(getpid());
    ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
    EXPECT_FALSE(LogSink::open(path).has_value());
    std::remove(path.c_str());
}

TEST(LogSink, NamesTheFileThatCannotBeOpened) {
    const Result<LogSink> sink = LogSink::open("/nowhere/access.log");
    ASSERT_FALSE(sink.has_value());
    EXPECT_EQ(sink.error().message, "the access log /nowhere/access.log cannot be opened: No such file or directory");
}

}  // namespace
}  // namespace weir::telemetry
