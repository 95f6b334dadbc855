#include "clients.hpp"

#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace weir::bench {
namespace {

constexpr std::uint64_t kTooManyErrors = 10'000;

int make_socket() {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) throw std::system_error(errno, std::generic_category(), "socket");
    const int on = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return fd;
}

}  // namespace

Client::Client(Clients& owner, std::size_t index)
    : Source(make_socket()), owner_(owner), index_(index), sent_at_(now()) {
    const sockaddr_in& target = owner.demand_.target;
    if (::connect(fd(), reinterpret_cast<const sockaddr*>(&target), sizeof target) < 0 && errno != EINPROGRESS)
        throw std::system_error(errno, std::generic_category(), "cannot connect to " + to_string(target));
    owner.loop_.add(*this, EPOLLOUT);
}

void Client::ready(std::uint32_t events) {
    if (connecting_) return connected();
    if (shaking_) return shake();
    if ((events & EPOLLOUT) != 0 && blocked_) send_rest();
    if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0) receive();
}

void Client::connected() {
    int failure = 0;
    socklen_t size = sizeof failure;
    ::getsockopt(fd(), SOL_SOCKET, SO_ERROR, &failure, &size);
    if (failure != 0) {
        owner_.error("cannot connect to " + to_string(owner_.demand_.target) + ": " + std::strerror(failure));
        return owner_.lost(*this);
    }
    connecting_ = false;
    if (owner_.demand_.tls != nullptr) {
        tls_ = owner_.demand_.tls->open(fd());
        shaking_ = true;
        return shake();
    }
    owner_.loop_.change(*this, EPOLLIN);
    send_request();
}

void Client::shake() {
    switch (tls_->shake()) {
        case TlsSession::Handshake::wants_read: return owner_.loop_.change(*this, EPOLLIN);
        case TlsSession::Handshake::wants_write: return owner_.loop_.change(*this, EPOLLOUT);
        case TlsSession::Handshake::failed:
            owner_.error("TLS handshake failed: " + owner_.demand_.tls->why());
            return owner_.lost(*this);
        case TlsSession::Handshake::done: break;
    }
    shaking_ = false;
    owner_.loop_.change(*this, EPOLLIN);
    send_request();
}

ssize_t Client::read(std::span<char> into) {
    return tls_ ? tls_->read(into) : ::recv(fd(), into.data(), into.size(), MSG_DONTWAIT);
}

ssize_t Client::write(std::string_view bytes) {
    return tls_ ? tls_->write(bytes) : ::send(fd(), bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
}

void Client::send_request() {
    answer_.reset();
    refusal_.clear();
    sent_ = 0;
    if (asked_) sent_at_ = now();
    asked_ = true;
    waiting_ = true;
    send_rest();
}

void Client::send_rest() {
    const std::string& request = owner_.demand_.request;
    const ssize_t n = write(std::string_view(request).substr(sent_));
    if (n > 0) sent_ += static_cast<std::size_t>(n);
    // An error appears again when the answer is read.
    const bool blocked = sent_ < request.size() && (n >= 0 || errno == EAGAIN);
    if (blocked != blocked_) owner_.loop_.change(*this, blocked ? EPOLLIN | EPOLLOUT : EPOLLIN);
    blocked_ = blocked;
}

void Client::receive() {
    static std::array<char, 64 * 1024> scratch;
    const ssize_t n = read(scratch);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (n <= 0) {
        const std::string how = n == 0 ? "closed" : std::strerror(errno);
        if (waiting_) owner_.error("connection lost before the answer was complete: " + how);
        return owner_.lost(*this);
    }
    owner_.bytes_ += static_cast<std::uint64_t>(n);
    const std::string_view bytes(scratch.data(), static_cast<std::size_t>(n));
    const std::size_t taken = answer_.feed(bytes, [&](std::string_view piece) {
        if (answer_.status() == 200)
            owner_.body(*this, piece);
        else if (refusal_.size() < 300)
            refusal_ += piece;
    });
    if (answer_.broken() || (answer_.done() && taken < bytes.size())) {
        owner_.error("not the HTTP that was expected: " + std::string(bytes.substr(0, 200)));
        return owner_.lost(*this);
    }
    if (!answer_.done() || !waiting_) return;
    waiting_ = false;
    ++owner_.statuses_[answer_.status()];
    if (answer_.status() != 200) owner_.error("status " + std::to_string(answer_.status()) + ": " + refusal_);
    owner_.answered(*this);
}

Clients::Clients(Loop& loop, Demand demand) : loop_(loop), demand_(std::move(demand)), clients_(demand_.connections) {}

Clients::~Clients() = default;

void Clients::open(std::size_t index) { clients_[index] = std::make_unique<Client>(*this, index); }

void Clients::drop(std::size_t index) { loop_.retire(std::move(clients_[index])); }

void Clients::error(const std::string& what) {
    if (errors_++ == 0) first_error_ = what;
}

void Clients::check() const {
    if (errors_ > kTooManyErrors)
        throw std::runtime_error("gave up after " + std::to_string(errors_) + " errors; the first: " + first_error_);
}

void Clients::body(Client&, std::string_view) {}

ClosedLoop::ClosedLoop(Loop& loop, Demand demand) : Clients(loop, std::move(demand)), has_answer_(size()) {
    while (opened_ < std::min(size(), kAtOnce)) open(opened_++);
}

void ClosedLoop::start() {
    started_ = true;
    const std::vector<bool> waiting = std::exchange(has_answer_, std::vector<bool>(size()));
    answered_ = 0;
    for (std::size_t i = 0; i < size(); ++i) {
        if (client(i) == nullptr)
            open(i);
        else if (waiting[i])
            ask_again(*client(i));
    }
}

void ClosedLoop::measure() {
    latency_ = Histogram();
    has_answer_.assign(size(), false);
    answered_ = 0;
}

void ClosedLoop::answered(Client& client) {
    if (client.answer().status() == 200) latency_.record(now() - client.sent_at());
    if (!has_answer_[client.index()]) ++answered_;
    has_answer_[client.index()] = true;
    if (started_) return ask_again(client);
    if (opened_ < size()) open(opened_++);
}

void ClosedLoop::ask_again(Client& client) {
    if (client.answer().close()) return lost(client);
    client.send_request();
}

void ClosedLoop::lost(Client& client) {
    const std::size_t index = client.index();
    drop(index);
    if (started_ || !has_answer_[index]) open(index);
}

IdleHold::IdleHold(Loop& loop, Demand demand) : Clients(loop, std::move(demand)) {
    for (std::size_t i = 0; i < kAtOnce; ++i) open_next();
}

void IdleHold::open_next() {
    if (opened_ < size()) open(opened_++);
}

void IdleHold::answered(Client& client) {
    if (client.answer().close()) {
        error("the server does not keep the connection open");
        return drop(client.index());
    }
    ++held_;
    open_next();
}

void IdleHold::lost(Client& client) {
    // A connection that was answered and held has not reported its loss yet.
    if (client.answer().done()) {
        error("an idle connection was closed");
        --held_;
    }
    drop(client.index());
}

EventStreams::EventStreams(Loop& loop, Demand demand)
    : Clients(loop, std::move(demand)), checks_(size()), ended_(size()), running_(size()) {
    for (std::size_t i = 0; i < size(); ++i) open(i);
}

void EventStreams::cancel(std::size_t count) {
    for (std::size_t i = 0; i < count && i < size(); ++i)
        if (!ended_[i]) end(*client(i));
}

void EventStreams::body(Client& client, std::string_view bytes) {
    auto& check = checks_[client.index()];
    if (!check.why().empty()) return;
    const Nanoseconds at = now();
    const bool good = check.feed(bytes, [&](Nanoseconds sent) {
        ++events_;
        delay_.record(at > sent ? at - sent : 0);
    });
    if (!good) error("stream " + std::to_string(client.index()) + ": " + check.why());
}

void EventStreams::answered(Client& client) {
    const auto& check = checks_[client.index()];
    if (client.answer().status() == 200) {
        if (check.complete())
            ++completed_;
        else if (check.why().empty())
            error("a stream ended cleanly without its last event");
    }
    end(client);
}

void EventStreams::lost(Client& client) { end(client); }

void EventStreams::end(Client& client) {
    ended_[client.index()] = true;
    --running_;
    drop(client.index());
}

}  // namespace weir::bench
