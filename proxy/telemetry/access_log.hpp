#pragma once
// The access log: a sample of the requests, one line each. No request ever waits for it.
//
// The sampling chance depends on how a request ended, so a log may keep every refusal and one in a hundred answers. A
// request that a policy in shadow mode would have refused gets the higher of the two chances. A request without a line
// costs a load and a comparison.
//
// Threading: record() by the worker's thread, counts() by any; the rest by one thread at a time.

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>

#include "base/result.hpp"
#include "telemetry/access_line.hpp"
#include "telemetry/config.hpp"
#include "telemetry/log_writer.hpp"
#include "telemetry/names.hpp"
#include "telemetry/record.hpp"

namespace weir::telemetry {

class AccessLog {
public:
    // Off until it is configured. REQUIRES: `names` outlives it.
    AccessLog(std::size_t workers, const Names& names);

    void record(std::size_t worker, const Record& record);

    // On an error nothing changes.
    [[nodiscard]] Result<void> reconfigure(const AccessLogConfig& config);
    void reopen() { writer_.reopen(); }
    void shutdown(std::chrono::milliseconds bound = std::chrono::seconds(1)) { writer_.shutdown(bound); }

    [[nodiscard]] LogCounts counts() const { return writer_.counts(); }

private:
    enum class Fate : std::uint8_t { served, degraded, refused, failed };

    // Owned by one worker.
    struct alignas(64) Pen {
        AccessLine line;
        std::uint64_t random;
    };

    void set_chance(Fate fate, double share);
    [[nodiscard]] std::uint64_t chance_of(const Record& record) const;
    [[nodiscard]] std::uint64_t chance_of(Fate fate) const;

    std::deque<Pen> pens_;
    std::array<std::atomic<std::uint64_t>, 4> chances_{};  // of 2^64; the maximum means always
    LogWriter writer_;
};

}  // namespace weir::telemetry
