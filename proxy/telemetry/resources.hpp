#pragma once
// What this process uses according to the kernel, for the process_* families that every dashboard knows.

#include <cstdint>

namespace weir::telemetry {

struct Resources {
    double cpu_seconds = 0;  // user and system
    std::uint64_t resident_bytes = 0;
    std::uint64_t open_fds = 0;
    std::uint64_t max_fds = 0;
    std::uint64_t threads = 0;
};

// Reads /proc. A value that cannot be read is 0.
[[nodiscard]] Resources read_resources();

}  // namespace weir::telemetry
