#pragma once
// Connected sockets for tests of streams.

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <string>
#include <string_view>

#include "net/socket.hpp"

namespace weir::test {

// A plain descriptor that a test holds.
class Descriptor {
public:
    explicit Descriptor(int fd = -1) : fd_(fd) {}
    Descriptor(Descriptor&& other) noexcept : fd_(other.release()) {}
    Descriptor& operator=(Descriptor&& other) noexcept {
        std::swap(fd_, other.fd_);
        return *this;
    }
    ~Descriptor() { close(); }

    [[nodiscard]] int get() const { return fd_; }
    int release() { return std::exchange(fd_, -1); }
    void close() {
        if (fd_ >= 0) ::close(release());
    }
    void send(std::string_view bytes) const {
        ASSERT_EQ(::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL), static_cast<ssize_t>(bytes.size()));
    }
    // The bytes available now, at most 64 KiB; empty at the end and on failure.
    [[nodiscard]] std::string receive() const {
        std::string bytes(64 * 1024, '\0');
        const ssize_t got = ::recv(fd_, bytes.data(), bytes.size(), MSG_DONTWAIT);
        bytes.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
        return bytes;
    }

private:
    int fd_;
};

struct SocketPair {
    Descriptor near;
    Descriptor far;
};

// Two ends of a non-blocking unix stream.
inline SocketPair unix_pair() {
    std::array<int, 2> ends{-1, -1};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends.data()), 0);
    return {Descriptor(ends[0]), Descriptor(ends[1])};
}

// A listening socket on a port that the kernel picks.
inline Descriptor loopback_listener() { return Descriptor(net::listen_on({"127.0.0.1", 0, {}}, false).value()); }

// Two ends of a TCP connection over loopback.
inline SocketPair tcp_pair() {
    const Descriptor listener = loopback_listener();
    Descriptor near(net::start_connect(net::local_address(listener.get())));
    Descriptor far(::accept4(listener.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    EXPECT_GE(near.get(), 0);
    EXPECT_GE(far.get(), 0);
    return {std::move(near), std::move(far)};
}

}  // namespace weir::test
