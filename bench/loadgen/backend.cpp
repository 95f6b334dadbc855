#include "backend.hpp"

#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cmath>
#include <system_error>

#include "events.hpp"
#include "http.hpp"

namespace weir::bench {
namespace {

constexpr std::string_view kStreamHead =
    "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncache-control: no-cache\r\n"
    "transfer-encoding: chunked\r\n\r\n";
constexpr std::string_view kStreamEnd = "e\r\ndata: [DONE]\n\n\r\n0\r\n\r\n";
constexpr std::size_t kPendingLimit = 64 * 1024;  // beyond it a stream waits for its reader

std::string make_answer(std::size_t body_bytes) {
    std::string body = R"({"object":"list","data":[],"padding":")";
    if (body.size() + 2 < body_bytes) body.append(body_bytes - body.size() - 2, 'x');
    body += "\"}";
    return "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: " + std::to_string(body.size()) +
           "\r\n\r\n" + body;
}

}  // namespace

class BackendConnection final : public Source {
public:
    BackendConnection(Backend& backend, std::uint64_t id, int fd) : Source(fd), backend_(backend), id_(id) {}

    [[nodiscard]] std::uint64_t id() const { return id_; }
    [[nodiscard]] bool streaming() const { return streaming_; }

    void ready(std::uint32_t events) override {
        if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0 && !receive()) return;
        if ((events & EPOLLOUT) != 0) flush();
    }

    // One event, or the end of the stream once its time is over. False: the stream has ended.
    bool send_event(Nanoseconds at) {
        if (!streaming_) return false;
        if (at >= stream_end_) {
            streaming_ = false;
            --backend_.streams_open_;
            send(kStreamEnd);
            return false;
        }
        if (pending_.size() < kPendingLimit) {
            fill_event(backend_.event_, next_event_++, at);
            ++backend_.events_sent_;
            send(backend_.event_);
        }
        return true;
    }

private:
    // False: the connection is closed, and this object is about to be destroyed.
    bool receive() {
        static std::array<char, 64 * 1024> scratch;
        const ssize_t n = ::recv(fd(), scratch.data(), scratch.size(), MSG_DONTWAIT);
        if (n < 0 && (errno == EAGAIN || errno == EINTR)) return true;
        if (n <= 0) {
            backend_.close(*this);
            return false;
        }
        std::string_view bytes(scratch.data(), static_cast<std::size_t>(n));
        while (!bytes.empty()) {
            if (!request_.started()) is_post_ = bytes.front() == 'P';
            bytes.remove_prefix(request_.feed(bytes, [](std::string_view) {}));
            if (request_.broken()) {
                backend_.close(*this);
                return false;
            }
            if (!request_.done()) return true;
            request_.reset();
            answer();
        }
        return true;
    }

    void answer() {
        if (!backend_.config_.stream || !is_post_) return send(backend_.answer_);
        streaming_ = true;
        next_event_ = 0;
        stream_end_ = now() + backend_.config_.stream_for;
        send(kStreamHead);
        backend_.stream_started(*this);
        if (backend_.config_.event_every == 0) watch_writable(true);
    }

    void send(std::string_view bytes) {
        if (pending_.empty()) {
            const ssize_t n = ::send(fd(), bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
            if (n == static_cast<ssize_t>(bytes.size())) return;
            if (n < 0 && errno != EAGAIN) return;  // the close is about to be read
            if (n > 0) bytes.remove_prefix(static_cast<std::size_t>(n));
        }
        pending_ += bytes;
        watch_writable(true);
    }

    void flush() {
        if (!pending_.empty()) {
            const ssize_t n = ::send(fd(), pending_.data(), pending_.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
            if (n > 0) pending_.erase(0, static_cast<std::size_t>(n));
        }
        if (!pending_.empty()) return;
        if (backend_.config_.event_every == 0 && send_event(now())) return;
        watch_writable(!pending_.empty());
    }

    void watch_writable(bool on) {
        if (on == watching_) return;
        watching_ = on;
        backend_.loop_.change(*this, on ? EPOLLIN | EPOLLOUT : EPOLLIN);
    }

    Backend& backend_;
    std::uint64_t id_;
    MessageReader request_;
    bool is_post_ = false;
    bool streaming_ = false;
    bool watching_ = false;
    std::uint64_t next_event_ = 0;
    Nanoseconds stream_end_ = 0;
    std::string pending_;  // accepted for sending, not yet taken by the kernel
};

class Backend::Listener final : public Source {
public:
    Listener(Backend& backend, int fd) : Source(fd), backend_(backend) {}

    void ready(std::uint32_t) override {
        for (;;) {
            const int fd = ::accept4(this->fd(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
            if (fd < 0) return;
            backend_.open(fd);
        }
    }

private:
    Backend& backend_;
};

Backend::Backend(Loop& loop, const BackendConfig& config)
    : loop_(loop),
      config_(config),
      answer_(make_answer(config.response_bytes)),
      event_(make_event(config.event_bytes)) {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) throw std::system_error(errno, std::generic_category(), "socket");
    listener_ = std::make_unique<Listener>(*this, fd);
    const int on = 1;
    ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    address_ = config.listen;
    socklen_t size = sizeof address_;
    auto* generic = reinterpret_cast<sockaddr*>(&address_);
    if (::bind(fd, generic, size) < 0 || ::listen(fd, 4096) < 0 || ::getsockname(fd, generic, &size) < 0)
        throw std::system_error(errno, std::generic_category(), "cannot listen on " + to_string(config.listen));
    loop.add(*listener_, EPOLLIN);
}

Backend::~Backend() = default;

void Backend::open(int fd) {
    const int on = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    auto connection = std::make_unique<BackendConnection>(*this, next_id_, fd);
    loop_.add(*connection, EPOLLIN);
    connections_.emplace(next_id_++, std::move(connection));
}

void Backend::close(BackendConnection& connection) {
    if (connection.streaming()) {
        --streams_open_;
        cancellations_.push_back(now());
    }
    auto node = connections_.extract(connection.id());
    loop_.retire(std::move(node.mapped()));
}

void Backend::stream_started(BackendConnection& connection) {
    ++streams_open_;
    if (config_.event_every == 0) return;
    // Streams that start together must not send in step: each begins at its own point of the period.
    const double phase = std::fmod(static_cast<double>(connection.id()) * 0.618034, 1);
    const auto first = static_cast<Nanoseconds>(phase * static_cast<double>(config_.event_every));
    due_.push({now() + first, connection.id()});
}

void Backend::send_due() {
    if (due_.empty()) return;
    const Nanoseconds at = now();
    while (!due_.empty() && due_.top().at <= at) {
        const Due due = due_.top();
        due_.pop();
        const auto found = connections_.find(due.connection);
        if (found != connections_.end() && found->second->send_event(at))
            due_.push({due.at + config_.event_every, due.connection});
    }
}

int Backend::sleep(int longest) const {
    if (due_.empty()) return longest;
    const Nanoseconds at = now();
    if (due_.top().at <= at) return 0;
    return std::min(longest, static_cast<int>((due_.top().at - at) / kMillisecond) + 1);
}

}  // namespace weir::bench
