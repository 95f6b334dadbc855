#include "app/admin_client.hpp"

#include <fmt/format.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <string_view>
#include <vector>

#include "net/socket.hpp"

namespace weir::app {
namespace {

constexpr int kTimeoutMs = 3000;
const std::string kLoopback = "127.0.0.1";

// A person waits for this one, not a loop.
Result<std::vector<net::SocketAddress>> look_up(const std::string& host, const std::string& port) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    // RFC 6761 section 6.3: that name is this machine, whether a file says so or not.
    const std::string& known = host == "localhost" ? kLoopback : host;
    if (const int error = getaddrinfo(known.c_str(), port.c_str(), &hints, &found); error != 0) {
        return Error{fmt::format("'{}' is no address: {}", host, gai_strerror(error))};
    }
    std::vector<net::SocketAddress> addresses;
    for (const addrinfo* entry = found; entry != nullptr; entry = entry->ai_next) {
        net::SocketAddress& address = addresses.emplace_back();
        address.size = entry->ai_addrlen;
        std::memcpy(&address.storage, entry->ai_addr, entry->ai_addrlen);
    }
    freeaddrinfo(found);
    return addresses;
}

Result<std::vector<net::SocketAddress>> parse_address(const std::string& text) {
    if (text.starts_with("unix:")) {
        net::SocketAddress address;
        auto& un = reinterpret_cast<sockaddr_un&>(address.storage);
        const std::string path = text.substr(5);
        if (path.size() >= sizeof un.sun_path) return Error{fmt::format("the path in '{}' is too long", text)};
        un.sun_family = AF_UNIX;
        std::copy(path.begin(), path.end(), un.sun_path);
        address.size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size() + 1);
        return std::vector{address};
    }
    const std::size_t colon = text.rfind(':');
    std::string host = text.substr(0, colon);
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
    const int port = colon == std::string::npos ? 0 : std::atoi(text.c_str() + colon + 1);
    if (host.empty() || port <= 0 || port > 65535) {
        return Error{fmt::format("'{}' is not HOST:PORT, or unix:/PATH", text)};
    }
    if (const auto ip = IpAddress::parse(host)) {
        return std::vector{net::SocketAddress::of(*ip, static_cast<std::uint16_t>(port))};
    }
    return look_up(host, std::to_string(port));
}

bool wait_for(int fd, short events) {
    pollfd entry{fd, events, 0};
    return ::poll(&entry, 1, kTimeoutMs) == 1;
}

// A connected socket, or -1.
int connect_to(const net::SocketAddress& address) {
    const int fd = net::start_connect(address);
    if (fd >= 0 && wait_for(fd, POLLOUT) && net::connect_error(fd) == 0) return fd;
    if (fd >= 0) ::close(fd);
    return -1;
}

}  // namespace

Result<std::string> ask_status(const std::string& text) {
    const auto addresses = parse_address(text);
    if (!addresses) return addresses.error();
    int fd = -1;
    for (const net::SocketAddress& address : *addresses) {
        fd = connect_to(address);
        if (fd >= 0) break;
    }
    if (fd < 0) return Error{fmt::format("no Weir answers at {}", text)};
    constexpr std::string_view kRequest = "GET /status HTTP/1.1\r\nHost: localhost\r\n\r\n";
    std::string answer;
    if (::send(fd, kRequest.data(), kRequest.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(kRequest.size())) {
        std::array<char, 4096> buffer;
        while (wait_for(fd, POLLIN)) {
            const ssize_t got = ::recv(fd, buffer.data(), buffer.size(), 0);
            if (got <= 0) break;
            answer.append(buffer.data(), static_cast<std::size_t>(got));
        }
    }
    ::close(fd);
    const std::size_t body = answer.find("\r\n\r\n");
    if (!answer.starts_with("HTTP/1.1 200") || body == std::string::npos) {
        return Error{fmt::format("what answers at {} is not Weir's admin listener", text)};
    }
    return Result<std::string>(boost::system::in_place_value, answer.substr(body + 4));
}

std::string admin_address_of(const net::BindAddress& bind) {
    if (!bind.unix_path.empty()) return "unix:" + bind.unix_path;
    if (bind.host == "0.0.0.0") return fmt::format("127.0.0.1:{}", bind.port);
    if (bind.host == "::") return fmt::format("[::1]:{}", bind.port);
    return bind.host.find(':') == std::string::npos ? fmt::format("{}:{}", bind.host, bind.port)
                                                    : fmt::format("[{}]:{}", bind.host, bind.port);
}

}  // namespace weir::app
