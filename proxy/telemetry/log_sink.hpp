#pragma once
// Where log lines leave the process: a file, or a descriptor that others share, such as stdout.
//
// A shared descriptor must not be made non-blocking, since that would change it for every process that has it. Instead
// it is polled first and given at most PIPE_BUF bytes, which a pipe that polls as writable accepts at once and whole,
// so lines of several writers do not mix.
//
// Not thread-safe; movable.

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace weir::telemetry {

class LogSink {
public:
    // A sink that fails every write.
    LogSink() = default;
    // `to`: stdout | stderr | a file's path, opened for appending and created if absent.
    [[nodiscard]] static Result<LogSink> open(const std::string& to);
    // Whether open() is likely to succeed; creates no file.
    [[nodiscard]] static Result<void> can_open(const std::string& to);
    ~LogSink();
    LogSink(LogSink&& other) noexcept;
    LogSink& operator=(LogSink&& other) noexcept;

    struct Written {
        enum class Kind : unsigned char { some, blocked, failed } kind = Kind::failed;
        std::size_t bytes = 0;
        int error = 0;  // errno, when failed
    };
    // Writes some of `text`, preferably up to the end of a line. Never blocks.
    [[nodiscard]] Written write(std::string_view text);

    [[nodiscard]] int fd() const { return fd_; }

private:
    LogSink(int fd, bool is_file) : fd_(fd), is_file_(is_file) {}

    int fd_ = -1;
    bool is_file_ = false;  // a regular file: always ready, and writes are not split
};

}  // namespace weir::telemetry
