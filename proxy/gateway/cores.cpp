#include "gateway/cores.hpp"

#include <sched.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>
#include <thread>

namespace weir::gateway {
namespace {

namespace fs = std::filesystem;

// Cores, given `quota` microseconds of every `period`; nothing where there is no bound.
std::optional<double> ratio(const std::string& quota, const std::string& period) {
    char* end = nullptr;
    const double allowed = std::strtod(quota.c_str(), &end);
    if (end == quota.c_str() || allowed <= 0) return std::nullopt;  // `max`, `-1`
    const double every = std::strtod(period.c_str(), &end);
    return every > 0 ? std::optional(allowed / every) : std::nullopt;
}

std::string word_of(const fs::path& file, int skip = 0) {
    std::ifstream stream(file);
    std::string word;
    for (int i = 0; i <= skip; ++i) {
        if (!(stream >> word)) return {};
    }
    return word;
}

std::optional<double> quota_of(const fs::path& group, bool second) {
    return second ? ratio(word_of(group / "cpu.max"), word_of(group / "cpu.max", 1))
                  : ratio(word_of(group / "cpu.cfs_quota_us"), word_of(group / "cpu.cfs_period_us"));
}

// The smallest quota from the group up to the mount's root. In a container the path may be the host's, and not exist:
// then the root is the container's own group.
std::optional<double> min_quota(const fs::path& mount, const std::string& group, bool second) {
    std::optional<double> min;
    for (fs::path at = fs::path(group).relative_path();; at = at.parent_path()) {
        const auto quota = quota_of(mount / at, second);
        if (quota && (!min || *quota < *min)) min = quota;
        if (at.empty()) return min;
    }
}

bool names_cpu(const std::string& controllers) {
    std::istringstream list(controllers);
    for (std::string name; std::getline(list, name, ',');) {
        if (name == "cpu") return true;
    }
    return false;
}

}  // namespace

std::uint32_t cores_within_quota(std::uint32_t allowed, const fs::path& root) {
    std::optional<double> min;
    std::ifstream groups(root / "proc/self/cgroup");
    // `0::/path` of version 2, `4:cpu,cpuacct:/path` of version 1.
    for (std::string line; std::getline(groups, line);) {
        const std::size_t first = line.find(':');
        const std::size_t second = line.find(':', first + 1);
        if (first == std::string::npos || second == std::string::npos) continue;
        const std::string controllers = line.substr(first + 1, second - first - 1);
        const std::string group = line.substr(second + 1);
        const fs::path mounts = root / "sys/fs/cgroup";
        std::optional<double> quota;
        if (controllers.empty()) quota = min_quota(mounts, group, true);
        if (names_cpu(controllers)) {
            quota = min_quota(mounts / controllers, group, false);
            if (!quota) quota = min_quota(mounts / "cpu", group, false);
        }
        if (quota && (!min || *quota < *min)) min = quota;
    }
    allowed = std::max(allowed, 1U);
    if (!min) return allowed;
    // Rounded up: of 150 % a single worker would leave a third unused.
    const double whole = std::ceil(*min - 1e-9);
    return whole >= allowed ? allowed : std::max(1U, static_cast<std::uint32_t>(whole));
}

std::uint32_t usable_cores() {
    cpu_set_t set;
    CPU_ZERO(&set);
    const bool known = sched_getaffinity(0, sizeof set, &set) == 0;
    const auto allowed = known ? static_cast<std::uint32_t>(CPU_COUNT(&set)) : std::thread::hardware_concurrency();
    return cores_within_quota(allowed, "/");
}

}  // namespace weir::gateway
