#include "loop.hpp"

#include <arpa/inet.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <stdexcept>
#include <system_error>

namespace weir::bench {

Nanoseconds now() {
    return static_cast<Nanoseconds>(std::chrono::steady_clock::now().time_since_epoch() / std::chrono::nanoseconds(1));
}

Source::~Source() { ::close(fd_); }

Loop::Loop() : epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
    if (epoll_ < 0) throw std::system_error(errno, std::generic_category(), "epoll_create1");
}

Loop::~Loop() { ::close(epoll_); }

void Loop::add(Source& source, std::uint32_t events) {
    epoll_event event{.events = events, .data = {.ptr = &source}};
    if (::epoll_ctl(epoll_, EPOLL_CTL_ADD, source.fd(), &event) < 0)
        throw std::system_error(errno, std::generic_category(), "epoll_ctl");
}

void Loop::change(Source& source, std::uint32_t events) {
    epoll_event event{.events = events, .data = {.ptr = &source}};
    ::epoll_ctl(epoll_, EPOLL_CTL_MOD, source.fd(), &event);
}

void Loop::retire(std::unique_ptr<Source> source) {
    ::epoll_ctl(epoll_, EPOLL_CTL_DEL, source->fd(), nullptr);
    retired_.push_back(std::move(source));
}

void Loop::turn(int milliseconds) {
    std::array<epoll_event, 256> events;
    const int n = ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), milliseconds);
    for (int i = 0; i < n; ++i) {
        auto* source = static_cast<Source*>(events[static_cast<std::size_t>(i)].data.ptr);
        bool gone = false;
        for (const auto& old : retired_) gone = gone || old.get() == source;
        if (!gone) source->ready(events[static_cast<std::size_t>(i)].events);
    }
    retired_.clear();
}

sockaddr_in parse_address(const std::string& text) {
    const auto colon = text.rfind(':');
    sockaddr_in address{};
    address.sin_family = AF_INET;
    std::string host = text.substr(0, colon);
    if (host.empty() || host == "localhost") host = "127.0.0.1";
    int port = -1;
    try {
        if (colon != std::string::npos) port = std::stoi(text.substr(colon + 1));
    } catch (const std::exception&) {
        port = -1;
    }
    if (port < 0 || port > 65535 || ::inet_pton(AF_INET, host.c_str(), &address.sin_addr) != 1)
        throw std::invalid_argument("'" + text + "' is not an IPv4 address and port, as in 127.0.0.1:8080");
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    return address;
}

std::string to_string(const sockaddr_in& address) {
    std::array<char, INET_ADDRSTRLEN> host{};
    ::inet_ntop(AF_INET, &address.sin_addr, host.data(), host.size());
    return std::string(host.data()) + ':' + std::to_string(ntohs(address.sin_port));
}

}  // namespace weir::bench
