#pragma once
// How many cores this process may really use: those it may run on, and what a container's CPU quota leaves of them.

#include <cstdint>
#include <filesystem>

namespace weir::gateway {

// At least 1, at most `allowed`. Reads the quotas of the process's control group and of those above it, version 2 or 1
// (Linux, Documentation/admin-guide/cgroup-v2.rst; cgroup-v1/cpusets.rst): 150 % of a core is two workers.
// `root` is where /proc and /sys are; another than `/` in tests.
[[nodiscard]] std::uint32_t cores_within_quota(std::uint32_t allowed, const std::filesystem::path& root);

// Of the machine as it is. Asked once, at the start: workers cannot change in a reload.
[[nodiscard]] std::uint32_t usable_cores();

}  // namespace weir::gateway
