// Opens a connection to an endpoint.

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <system_error>
#include <utility>

#include "upstream/connection.hpp"

namespace weir::upstream {
namespace {

using namespace std::chrono_literals;
using net::IoStatus;

constexpr Duration kLookAgain = 20ms;
// RFC 8305 section 5: an address has this long before the next one is tried beside it.
constexpr Duration kNextAddress = 250ms;

bool lacks_descriptors() { return errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM; }

std::unique_ptr<net::ByteStream> make_stream(const Endpoint& endpoint, net::EventLoop& loop, int fd) {
    if (endpoint.tls() == nullptr) return net::make_tcp_stream(loop, fd);
    return endpoint.tls()->wrap(loop, fd, endpoint.config().name());
}

void note_connected(Endpoint& endpoint, Duration took) {
    endpoint.note_fault({});
    endpoint.counters.connects.fetch_add(1, std::memory_order_relaxed);
    endpoint.counters.connect_nanoseconds.fetch_add(static_cast<std::uint64_t>(took.count()),
                                                    std::memory_order_relaxed);
}

// One request's connect: attempts at the addresses, the later ones beside those that are still silent.
class Connecting {
public:
    Connecting(Endpoint& endpoint, net::Waker& waker, net::Timer& timer, TimePoint deadline, const net::Source* client)
        : endpoint_(endpoint), waker_(waker), timer_(timer), deadline_(deadline), client_(client) {}

    net::task<ConnectResult> run() {
        const TimePoint began = now();
        addresses_ = endpoint_.addresses();
        while (addresses_.empty() && now() < deadline_ && !client_left()) co_await look_again();
        while (!client_left()) {
            begin_attempts();
            if (std::unique_ptr<net::ByteStream> stream = take_connected()) {
                // A handshake that fails leaves the other addresses to be tried.
                const bool is_shaken = co_await shake(*stream);
                if (is_shaken) {
                    note_connected(endpoint_, now() - began);
                    co_return ConnectResult{std::make_unique<Connection>(endpoint_, std::move(stream)), reason_, {}};
                }
                continue;
            }
            if (is_over()) break;
            if (next_event() <= now()) continue;
            timer_.set(next_event());
            co_await waker_.wait();
        }
        endpoint_.counters.connect_failures.fetch_add(1, std::memory_order_relaxed);
        // Descriptors ran out or the client left: the endpoint is not at fault.
        if (reason_ != Reason::connection_limit) endpoint_.note_fault(fault_);
        co_return ConnectResult{nullptr, reason_, std::move(fault_)};
    }

private:
    [[nodiscard]] TimePoint now() const { return waker_.loop().now(); }
    [[nodiscard]] bool client_left() const { return client_ != nullptr && client_->ready.broken; }

    net::task<void> look_again() {
        timer_.set(std::min(deadline_, now() + kLookAgain));
        co_await waker_.wait();
        addresses_ = endpoint_.addresses();
    }

    // When descriptors run out, it waits for one: the holders end, and the endpoint is not at fault.
    void begin_attempts() {
        while (next_ < addresses_.size() && now() >= next_at_) {
            const int fd = net::start_connect(addresses_[next_]);
            if (fd < 0 && lacks_descriptors()) {
                reason_ = Reason::connection_limit;
                next_at_ = now() + kLookAgain;
                return;
            }
            if (reason_ == Reason::connection_limit) reason_ = Reason::backend_unreachable;
            ++next_;
            if (fd < 0) {
                fault_ = {DownReason::refused, std::generic_category().message(errno)};
                continue;
            }
            std::unique_ptr<net::ByteStream> stream = make_stream(endpoint_, waker_.loop(), fd);
            if (!stream) continue;
            stream->source().set_waker(&waker_);
            // A connect in progress announces its end by an edge.
            stream->source().ready.readable = stream->source().ready.writable = false;
            open_.push_back(std::move(stream));
            next_at_ = now() + kNextAddress;
        }
    }

    // The first attempt that has succeeded; those that have failed are over.
    std::unique_ptr<net::ByteStream> take_connected() {
        for (auto attempt = open_.begin(); attempt != open_.end();) {
            net::Source& source = (*attempt)->source();
            if (!source.ready.writable && !source.ready.broken) {
                ++attempt;
                continue;
            }
            std::unique_ptr<net::ByteStream> stream = std::move(*attempt);
            attempt = open_.erase(attempt);
            const int error = net::connect_error(source.fd());
            if (error == 0) {
                source.ready.readable = true;
                return stream;
            }
            fault_ = {DownReason::refused, std::generic_category().message(error)};
            next_at_ = now();
        }
        return nullptr;
    }

    net::task<bool> shake(net::ByteStream& stream) {
        timer_.set(deadline_);
        for (;;) {
            const IoStatus status = stream.try_handshake();
            if (status == IoStatus::ok) co_return true;
            if (status != IoStatus::would_block) break;
            if (now() >= deadline_) {
                reason_ = Reason::backend_timeout;
                fault_ = {DownReason::timeout, "no TLS handshake in time"};
                co_return false;
            }
            if (client_left()) co_return false;
            co_await waker_.wait();
        }
        const std::string mistrust = stream.peer_fault();
        fault_ = mistrust.empty() ? WhyDown{DownReason::tls} : WhyDown{DownReason::certificate, mistrust};
        co_return false;
    }

    // Nothing is open and nothing is left to try, or time is up.
    bool is_over() {
        if (now() < deadline_) return open_.empty() && next_ >= addresses_.size();
        if (!open_.empty()) {
            reason_ = Reason::backend_timeout;
            fault_ = {DownReason::timeout, "no connection in time"};
        }
        return true;
    }

    [[nodiscard]] TimePoint next_event() const {
        return next_ < addresses_.size() ? std::min(deadline_, next_at_) : deadline_;
    }

    Endpoint& endpoint_;
    net::Waker& waker_;
    net::Timer& timer_;
    TimePoint deadline_;
    const net::Source* client_;
    std::vector<net::SocketAddress> addresses_;
    std::size_t next_ = 0;  // the address to try next
    TimePoint next_at_{};
    std::vector<std::unique_ptr<net::ByteStream>> open_;  // attempts without an outcome
    Reason reason_ = Reason::backend_unreachable;
    WhyDown fault_{DownReason::no_address};
};

}  // namespace

net::task<ConnectResult> connect(Endpoint& endpoint, net::Waker& waker, net::Timer& timer, TimePoint deadline,
                                 const net::Source* client) {
    Connecting connecting(endpoint, waker, timer, deadline, client);
    co_return co_await connecting.run();
}

}  // namespace weir::upstream
