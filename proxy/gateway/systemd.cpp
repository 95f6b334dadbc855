#include "gateway/systemd.hpp"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <string>

namespace weir::gateway {

void notify_service_manager(std::string_view state) {
    const char* path = std::getenv("NOTIFY_SOCKET");
    if (path == nullptr) return;
    const std::string_view name(path);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (name.empty() || name.size() >= sizeof address.sun_path) return;
    std::copy(name.begin(), name.end(), address.sun_path);
    if (name.front() == '@') address.sun_path[0] = '\0';  // an abstract socket
    const int fd = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return;
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
    ::sendto(fd, state.data(), state.size(), MSG_NOSIGNAL | MSG_DONTWAIT, reinterpret_cast<const sockaddr*>(&address),
             size);
    ::close(fd);
}

Duration watchdog_period() {
    const char* period = std::getenv("WATCHDOG_USEC");
    const char* whose = std::getenv("WATCHDOG_PID");
    if (period == nullptr || (whose != nullptr && std::to_string(getpid()) != whose)) return Duration::zero();
    std::int64_t microseconds = 0;
    std::from_chars(period, period + std::strlen(period), microseconds);
    return microseconds > 0 ? std::chrono::microseconds(microseconds) : Duration::zero();
}

void notify_reloading() {
    // libstdc++'s steady clock is CLOCK_MONOTONIC, the one that systemd uses.
    const auto now = std::chrono::duration_cast<std::chrono::microseconds>(Clock::now().time_since_epoch()).count();
    notify_service_manager(fmt::format("RELOADING=1\nMONOTONIC_USEC={}", now));
}

}  // namespace weir::gateway
