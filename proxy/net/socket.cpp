#include "net/socket.hpp"

#include <fmt/format.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace weir::net {
namespace {

constexpr int kMaxUnsent = 128 * 1024;  // bytes that the kernel may hold unsent for a client
constexpr int kBacklog = 4096;          // the kernel lowers it to net.core.somaxconn

Result<SocketAddress> to_socket_address(const BindAddress& bind) {
    if (!bind.unix_path.empty()) {
        SocketAddress address;
        auto& un = reinterpret_cast<sockaddr_un&>(address.storage);
        if (bind.unix_path.size() >= sizeof un.sun_path) {
            return Error{
                fmt::format("the socket path '{}' is longer than {} bytes", bind.unix_path, sizeof un.sun_path - 1)};
        }
        un.sun_family = AF_UNIX;
        std::copy(bind.unix_path.begin(), bind.unix_path.end(), un.sun_path);
        address.size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + bind.unix_path.size() + 1);
        return address;
    }
    const auto ip = IpAddress::parse(bind.host);
    if (!ip) return Error{fmt::format("'{}' is not an IP address to listen on", bind.host)};
    return SocketAddress::of(*ip, bind.port);
}

// False when a process listens there: taking over its path would cut it off from its clients.
bool remove_stale_socket(const SocketAddress& address, const std::string& path) {
    struct stat status {};
    if (lstat(path.c_str(), &status) != 0 || !S_ISSOCK(status.st_mode)) return true;
    const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) return true;
    // A full backlog returns EAGAIN, so a process listens.
    const int done = ::connect(fd, reinterpret_cast<const sockaddr*>(&address.storage), address.size);
    const bool live = done == 0 || errno == EAGAIN || errno == EINPROGRESS;
    ::close(fd);
    if (!live) ::unlink(path.c_str());
    return !live;
}

}  // namespace

SocketAddress SocketAddress::of(const IpAddress& address, std::uint16_t port) {
    SocketAddress result;
    if (address.is_v4()) {
        auto& in = reinterpret_cast<sockaddr_in&>(result.storage);
        in.sin_family = AF_INET;
        in.sin_port = htons(port);
        std::memcpy(&in.sin_addr, address.bytes.data() + 12, 4);
        result.size = sizeof in;
    } else {
        auto& in6 = reinterpret_cast<sockaddr_in6&>(result.storage);
        in6.sin6_family = AF_INET6;
        in6.sin6_port = htons(port);
        std::memcpy(&in6.sin6_addr, address.bytes.data(), 16);
        result.size = sizeof in6;
    }
    return result;
}

std::uint16_t SocketAddress::port() const {
    if (storage.ss_family == AF_INET) return ntohs(reinterpret_cast<const sockaddr_in&>(storage).sin_port);
    if (storage.ss_family == AF_INET6) return ntohs(reinterpret_cast<const sockaddr_in6&>(storage).sin6_port);
    return 0;
}

IpAddress SocketAddress::ip() const {
    IpAddress address;
    if (storage.ss_family == AF_INET) {
        address.bytes[10] = address.bytes[11] = 0xFF;
        std::memcpy(address.bytes.data() + 12, &reinterpret_cast<const sockaddr_in&>(storage).sin_addr, 4);
    } else if (storage.ss_family == AF_INET6) {
        std::memcpy(address.bytes.data(), &reinterpret_cast<const sockaddr_in6&>(storage).sin6_addr, 16);
    }
    return address;
}

std::string SocketAddress::to_string() const {
    if (storage.ss_family == AF_UNIX) {
        return fmt::format("unix:{}", reinterpret_cast<const sockaddr_un&>(storage).sun_path);
    }
    const IpAddress address = ip();
    return address.is_v4() ? fmt::format("{}:{}", address.to_string(), port())
                           : fmt::format("[{}]:{}", address.to_string(), port());
}

Result<void> can_listen_on(const BindAddress& bind) {
    const auto address = to_socket_address(bind);
    if (!address) return address.error();
    if (bind.unix_path.empty()) return {};
    const std::size_t slash = bind.unix_path.rfind('/');
    const std::string folder = slash == std::string::npos ? "." : bind.unix_path.substr(0, slash + 1);
    if (access(folder.c_str(), W_OK | X_OK) == 0) return {};
    return Error{fmt::format("the folder of {} cannot be written to: {}", address->to_string(), std::strerror(errno))};
}

Result<int> listen_on(const BindAddress& bind_address, bool reuse_port) {
    auto address = to_socket_address(bind_address);
    if (!address) return address.error();
    const bool is_unix = !bind_address.unix_path.empty();
    const int fd = ::socket(address->storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    const int on = 1;
    if (fd >= 0 && !is_unix) {
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
        if (reuse_port) setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
        // Accepted sockets inherit it. Without it the kernel would buffer megabytes for a client that reads nothing.
        setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &kMaxUnsent, sizeof kMaxUnsent);
    }
    if (is_unix && fd >= 0 && !remove_stale_socket(*address, bind_address.unix_path)) {
        ::close(fd);
        return Error{fmt::format("cannot listen on {}: another process listens there", address->to_string())};
    }
    if (fd < 0 || ::bind(fd, reinterpret_cast<const sockaddr*>(&address->storage), address->size) != 0 ||
        ::listen(fd, kBacklog) != 0) {
        const int error = errno;
        if (fd >= 0) ::close(fd);
        return Error{fmt::format("cannot listen on {}: {}", address->to_string(), std::strerror(error))};
    }
    return fd;
}

SocketFile::SocketFile(std::string path) : path_(std::move(path)) {
    struct stat status {};
    if (lstat(path_.c_str(), &status) != 0) path_.clear();
    device_ = status.st_dev;
    inode_ = status.st_ino;
}

SocketFile::~SocketFile() {
    struct stat status {};
    if (path_.empty() || lstat(path_.c_str(), &status) != 0) return;
    if (status.st_dev == device_ && status.st_ino == inode_) ::unlink(path_.c_str());
}

SocketFile::SocketFile(SocketFile&& other) noexcept
    : path_(std::exchange(other.path_, {})), device_(other.device_), inode_(other.inode_) {}

SocketAddress local_address(int fd) {
    SocketAddress address;
    address.size = sizeof address.storage;
    getsockname(fd, reinterpret_cast<sockaddr*>(&address.storage), &address.size);
    return address;
}

// A peer whose machine is gone sends no reset: keep-alive finds that on a connection without traffic, the user time-out
// (RFC 5482) on one that sends.
void notice_silent_peers(int fd) {
    const auto set = [fd](int level, int name, int value) { ::setsockopt(fd, level, name, &value, sizeof value); };
    set(SOL_SOCKET, SO_KEEPALIVE, 1);
    set(IPPROTO_TCP, TCP_KEEPIDLE, 15);
    set(IPPROTO_TCP, TCP_KEEPINTVL, 5);
    set(IPPROTO_TCP, TCP_KEEPCNT, 3);
    set(IPPROTO_TCP, TCP_USER_TIMEOUT, 30'000);
}

int start_connect(const SocketAddress& address) {
    const int fd = ::socket(address.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) return -1;
    set_no_delay(fd);
    notice_silent_peers(fd);
    if (::connect(fd, reinterpret_cast<const sockaddr*>(&address.storage), address.size) != 0 && errno != EINPROGRESS) {
        const int error = errno;
        ::close(fd);
        errno = error;
        return -1;
    }
    return fd;
}

int connect_error(int fd) {
    int error = 0;
    socklen_t size = sizeof error;
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0) return errno;
    return error;
}

void send_and_close(int fd, std::string_view text) {
    if (!text.empty()) {
        (void)::send(fd, text.data(), text.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
        ::shutdown(fd, SHUT_WR);
        std::array<char, 16 * 1024> unread;
        (void)::recv(fd, unread.data(), unread.size(), MSG_DONTWAIT);
    }
    ::close(fd);
}

int unacknowledged_bytes(int fd) {
    int bytes = 0;
    return ioctl(fd, SIOCOUTQ, &bytes) == 0 ? bytes : 0;
}

void set_no_delay(int fd) {
    const int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

}  // namespace weir::net
