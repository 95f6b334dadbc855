#pragma once
// Sockets before they are streams: listening, connecting, and whom they are connected to.

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

// Whether listen_on() has a chance as far as files go: a unix socket needs a folder that may be written to.
[[nodiscard]] Result<void> can_listen_on(const BindAddress& bind);
// A non-blocking listening socket. `reuse_port` lets every worker have one of its own on the same port. A stale unix
// socket at the path is replaced, one at which a process listens is not. An Error names the address.
[[nodiscard]] Result<int> listen_on(const BindAddress& address, bool reuse_port);
// The file of a unix socket that this process made: taken away at the end, unless another has put its own there.
class SocketFile {
public:
    // REQUIRES: this process has just bound `path`.
    explicit SocketFile(std::string path);
    ~SocketFile();
    SocketFile(SocketFile&& other) noexcept;
    SocketFile& operator=(SocketFile&&) = delete;

private:
    std::string path_;  // empty: nothing to take away
    std::uint64_t device_ = 0;
    std::uint64_t inode_ = 0;
};

[[nodiscard]] SocketAddress local_address(int fd);

// Starts to connect. The socket, or -1 when that failed at once; its source turns writable when it is decided.
[[nodiscard]] int start_connect(const SocketAddress& address);
// The outcome of a connect that was started: 0, or an errno.
[[nodiscard]] int connect_error(int fd);

void set_no_delay(int fd);

// Of the bytes that were written, those that the other side's kernel has not acknowledged: its process cannot have read
// them. The reverse does not hold. Once a reset has come the number is of no use, as resets acknowledge nothing.
[[nodiscard]] int unacknowledged_bytes(int fd);

// Sends what goes at once of `text`, which may be empty, and closes: for a peer that is not to be served. What it has
// sent already is read, so that no reset takes the text from it.
void send_and_close(int fd, std::string_view text);

}  // namespace weir::net
