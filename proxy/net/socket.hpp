#pragma once
// Sockets before they are streams: listening, connecting, and the addresses at both ends.

#include <sys/socket.h>

#include <string>
#include <string_view>

#include "base/ip.hpp"
#include "base/result.hpp"
#include "net/config.hpp"

namespace weir::net {

struct SocketAddress {
    sockaddr_storage storage{};
    socklen_t size = 0;

    [[nodiscard]] static SocketAddress of(const IpAddress& address, std::uint16_t port);
    [[nodiscard]] std::uint16_t port() const;
    // `127.0.0.1:80`, `[::1]:80`, `unix:/path`
    [[nodiscard]] std::string to_string() const;
    // The unspecified address for anything but IP.
    [[nodiscard]] IpAddress ip() const;
};

// Whether listen_on() is likely to succeed as far as files go: a unix socket needs a writable folder.
[[nodiscard]] Result<void> can_listen_on(const BindAddress& bind);
// A non-blocking listening socket. With `reuse_port` every worker can have its own on the same port. A stale unix
// socket at the path is replaced, one at which a process listens is not. An Error names the address.
[[nodiscard]] Result<int> listen_on(const BindAddress& address, bool reuse_port);
// The file of a unix socket that this process created: removed at the end, unless another process has put its own
// there.
class SocketFile {
public:
    // REQUIRES: this process has just bound `path`.
    explicit SocketFile(std::string path);
    ~SocketFile();
    SocketFile(SocketFile&& other) noexcept;
    SocketFile& operator=(SocketFile&&) = delete;

private:
    std::string path_;  // empty: nothing to remove
    std::uint64_t device_ = 0;
    std::uint64_t inode_ = 0;
};

[[nodiscard]] SocketAddress local_address(int fd);

// Starts to connect. Returns the socket, or -1 when that failed at once; it becomes writable when the outcome is known.
[[nodiscard]] int start_connect(const SocketAddress& address);
// The outcome of a started connect: 0 or an errno.
[[nodiscard]] int connect_error(int fd);

void set_no_delay(int fd);

// The number of written bytes that the other side's kernel has not acknowledged: its process cannot have read them. The
// reverse does not hold. After a reset the number means nothing, as resets acknowledge nothing.
[[nodiscard]] int unacknowledged_bytes(int fd);

// Sends as much of `text`, which may be empty, as goes at once, and closes: for a peer that will not be served. Bytes
// that it has already sent are read first, so that no reset discards the text.
void send_and_close(int fd, std::string_view text);

}  // namespace weir::net
