#pragma once
// Observes the end of every request, and reports it as numbers (/metrics) and as lines (the access log).
//
// Each worker has a Recorder of its own, whose counts only that worker writes: plain stores, no lock, no shared cache
// line. A scrape sums them. Nothing that a client sends becomes a label.
//
// Threading: a recorder belongs to its worker's thread; everything else may be called from any thread.

#include <cstddef>
#include <memory>
#include <string>

#include "base/result.hpp"
#include "telemetry/config.hpp"
#include "telemetry/labels.hpp"
#include "telemetry/log_writer.hpp"
#include "telemetry/record.hpp"
#include "telemetry/scrape.hpp"

namespace weir::telemetry {

class Telemetry {
public:
    // The access log is off until reconfigure() is called.
    Telemetry(std::size_t workers, Labels labels);
    // Destroys the recorders, so the workers must have stopped. Calls shutdown().
    ~Telemetry();
    Telemetry(const Telemetry&) = delete;
    Telemetry& operator=(const Telemetry&) = delete;

    // REQUIRES: worker < workers.
    [[nodiscard]] Recorder& recorder(std::size_t worker);

    // Called after a reload, before the workers use the new policy, so that no record has an unknown id.
    void set_labels(Labels labels);

    // Opens the access log as configured. On an error the former one stays in use.
    [[nodiscard]] Result<void> reconfigure(const LoggingConfig& config);
    // Opens the access log's file anew, for log rotation. An error is reported in the operational log.
    void reopen_access_log();

    [[nodiscard]] LogCounts log_counts() const;

    // All metrics, in the Prometheus text format, version 0.0.4.
    [[nodiscard]] std::string metrics(const Scrape& scrape) const;

    // Writes out the access log's last lines for about a second at most, even if nothing reads them. Later records are
    // counted but get no line.
    void shutdown();

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace weir::telemetry
