#pragma once
// What is logged about each request, and where.

#include <cstdint>
#include <string>

namespace weir::telemetry {

struct AccessLogConfig {
    std::string to = "stdout";     // stdout | stderr | off | a file's path (opened for appending; reopened on reload)
    double sample_served = 1.0;    // share of served requests that get a line, 0 to 1
    double sample_refused = 1.0;   // share of refused requests (limits, overload)
    double sample_degraded = 1.0;  // share of requests served with a cheaper answer
    double sample_failed = 1.0;    // share of the rest: bad requests, backend failures, clients that left
    std::uint32_t queue_lines = 8192;  // bound on lines waiting for a slow disk or pipe; others are dropped and counted

    friend bool operator==(const AccessLogConfig&, const AccessLogConfig&) = default;
};

struct LoggingConfig {
    AccessLogConfig access;
    std::string level = "info";  // of the operational log on stderr: debug | info | warn | error

    friend bool operator==(const LoggingConfig&, const LoggingConfig&) = default;
};

}  // namespace weir::telemetry
