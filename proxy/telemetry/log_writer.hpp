#pragma once
// The thread that carries log lines out of the process, so that nobody else ever waits for a disk or a pipe.
//
// It gathers what the lanes hold, writes it, and naps for a moment: a busy log costs a few large writes a second and no
// wake-up a line. A sink that takes nothing makes the lanes fill up, and there lines are dropped; a sink that fails
// drops what it was given. Both are counted.
//
// Threading: push() by the lane's thread, counts() by any; the rest by one thread at a time.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <thread>

#include "telemetry/log_sink.hpp"

namespace weir::telemetry {

struct LogCounts {
    std::uint64_t lines = 0;    // written
    std::uint64_t dropped = 0;  // for want of room, or because the sink failed
};

class LogWriter {
public:
    explicit LogWriter(std::size_t lanes);
    // Calls shutdown().
    ~LogWriter();
    LogWriter(const LogWriter&) = delete;
    LogWriter& operator=(const LogWriter&) = delete;

    void push(std::size_t lane, std::string_view line);

    // Writes to `sink` from now on, which is what LogSink::open(to) gave. `queue_lines` is shared out evenly among the
    // lanes.
    void set_sink(std::string to, LogSink sink, std::uint32_t queue_lines);
    // Opens the sink anew; the old one stays when that fails, which the operational log then says.
    void reopen();
    // Writes what waits, for at most `bound`; drops the rest, and whatever comes later.
    void shutdown(std::chrono::milliseconds bound = std::chrono::seconds(1));

    [[nodiscard]] LogCounts counts() const;

private:
    struct State;
    std::shared_ptr<State> state_;  // shared with the thread, which a dead file system may hold for ever
    std::thread thread_;
};

}  // namespace weir::telemetry
