#pragma once
// The thread that writes log lines out of the process, so that no other thread ever waits for a disk or a pipe.
//
// It gathers the lanes' lines, writes them and sleeps briefly: a busy log costs a few large writes a second and no
// wake-up per line. When a sink accepts nothing, the lanes fill up and drop lines; when a sink fails, what it was given
// is dropped. Both are counted.
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
    std::uint64_t dropped = 0;  // because the lane was full or the sink failed
};

class LogWriter {
public:
    explicit LogWriter(std::size_t lanes);
    // Calls shutdown().
    ~LogWriter();
    LogWriter(const LogWriter&) = delete;
    LogWriter& operator=(const LogWriter&) = delete;

    void push(std::size_t lane, std::string_view line);

    // Writes to `sink`, which LogSink::open(to) returned, from now on. `queue_lines` is divided evenly among the lanes.
    void set_sink(std::string to, LogSink sink, std::uint32_t queue_lines);
    // Opens the sink anew; on failure the old one stays in use and the operational log reports it.
    void reopen();
    // Writes the waiting lines for at most `bound`, then drops the rest and all later ones.
    void shutdown(std::chrono::milliseconds bound = std::chrono::seconds(1));

    [[nodiscard]] LogCounts counts() const;

private:
    struct State;
    std::shared_ptr<State> state_;  // shared with the thread, which a dead file system may block forever
    std::thread thread_;
};

}  // namespace weir::telemetry
