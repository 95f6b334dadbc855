#pragma once
// How many cores this process may actually use: those it may run on, limited by a container's CPU quota.

#include <cstdint>
#include <filesystem>

namespace weir::gateway {

// At least 1, at most `allowed`. Reads the quotas of the process's control group and of its parents, version 2 or 1
// (Linux, Documentation/admin-guide/cgroup-v2.rst; cgroup-v1/cpusets.rst): 150 % of a core is two workers. `root` is
// where /proc and /sys are; not `/` in tests.
[[nodiscard]] std::uint32_t cores_within_quota(std::uint32_t allowed, const std::filesystem::path& root);

// For this machine. Called once, at the start: a reload cannot change the number of workers.
[[nodiscard]] std::uint32_t usable_cores();

}  // namespace weir::gateway
