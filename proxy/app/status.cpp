#include "app/status.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <cstring>
#include <iostream>

#include "net/socket.hpp"

namespace weir::app {
namespace {

constexpr int kTimeoutMs = 3000;

Result<net::SocketAddress> parse_address(const std::string& text) {
    if (text.starts_with("unix:")) {
        net::SocketAddress address;
        auto& un = reinterpret_cast<sockaddr_un&>(address.storage);
        const std::string path = text.substr(5);
        if (path.size() >= sizeof un.sun_path) return Error{fmt::format("the path in '{}' is too long", text)};
        un.sun_family = AF_UNIX;
        std::copy(path.begin(), path.end(), un.sun_path);
        address.size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size() + 1);
        return address;
    }
    const std::size_t colon = text.rfind(':');
    std::string host = text.substr(0, colon);
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
    const auto ip = IpAddress::parse(host);
    const int port = colon == std::string::npos ? 0 : std::atoi(text.c_str() + colon + 1);
    if (!ip || port <= 0 || port > 65535)
        return Error{fmt::format("'{}' is not HOST:PORT with a literal address, or unix:/PATH", text)};
    return net::SocketAddress::of(*ip, static_cast<std::uint16_t>(port));
}

bool wait_for(int fd, short events) {
    pollfd entry{fd, events, 0};
    return ::poll(&entry, 1, kTimeoutMs) == 1;
}

Result<std::string> ask(const std::string& text) {
    const auto address = parse_address(text);
    if (!address) return address.error();
    const int fd = net::start_connect(*address);
    if (fd < 0 || !wait_for(fd, POLLOUT) || net::connect_error(fd) != 0) {
        if (fd >= 0) ::close(fd);
        return Error{fmt::format("no Weir answers at {}", text)};
    }
    constexpr std::string_view kRequest = "GET /status HTTP/1.1\r\nHost: weir\r\n\r\n";
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

void print(const boost::json::object& status) {
    std::cout << fmt::format("weir {}  policy {} ({})  {}{}\n", status.at("version").as_string().c_str(),
                             status.at("policy").as_string().c_str(), status.at("policy_hash").as_string().c_str(),
                             status.at("mode").as_string().c_str(), status.at("ready").as_bool() ? "" : "  NOT READY");
    for (const auto& entry : status.at("backends").as_array()) {
        const auto& backend = entry.as_object();
        std::cout << fmt::format("backend {}  pressure {:.2f}\n", backend.at("backend").as_string().c_str(),
                                 backend.at("pressure").to_number<double>());
        for (const auto& row : backend.at("endpoints").as_array()) {
            const auto& endpoint = row.as_object();
            std::cout << fmt::format("  {:4} {}  {}/{} in flight\n", endpoint.at("available").as_bool() ? "up" : "DOWN",
                                     endpoint.at("url").as_string().c_str(), endpoint.at("inflight").to_number<int>(),
                                     endpoint.at("limit").to_number<int>());
        }
        for (const auto& row : backend.at("classes").as_array()) {
            const auto& cls = row.as_object();
            std::cout << fmt::format("  class {:20} {:5} in flight  {:5}/{} in line\n",
                                     cls.at("class").as_string().c_str(), cls.at("inflight").to_number<int>(),
                                     cls.at("waiting").to_number<int>(), cls.at("line").to_number<int>());
        }
    }
}

}  // namespace

int show_status(const std::string& admin_address) {
    const auto text = ask(admin_address);
    if (!text) {
        std::cerr << "weir: " << text.error().message << "\n";
        return 1;
    }
    boost::system::error_code error;
    const boost::json::value status = boost::json::parse(*text, error);
    if (error || !status.is_object()) {
        std::cerr << "weir: the answer is not JSON\n";
        return 1;
    }
    print(status.as_object());
    return status.as_object().at("ready").as_bool() ? 0 : 1;
}

}  // namespace weir::app
