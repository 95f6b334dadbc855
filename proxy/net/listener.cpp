#include "net/listener.hpp"

#include <cerrno>
#include <chrono>
#include <exception>

namespace weir::net {
namespace {

using namespace std::chrono_literals;
constexpr auto kPause = 100ms;
// After this many, accepting continues in the next round, so that a flood of connections does not starve existing ones.
constexpr int kBatch = 64;
// The size of a full backlog: bounds the time that closing takes, however many clients keep connecting.
constexpr int kBatchesAtClose = 4096 / kBatch;

}  // namespace

Listener::Listener(EventLoop& loop, int fd, OnAccept on_accept)
    : Wakeable(loop), source_(loop, fd), retry_(loop.timers(), *this), on_accept_(std::move(on_accept)) {
    source_.set_waker(this);
}

void Listener::run() {
    if (accept_batch()) wake();
}

bool Listener::accept_batch() {
    for (int i = 0; i < kBatch; ++i) {
        SocketAddress peer;
        peer.size = sizeof peer.storage;
        const int fd = ::accept4(source_.fd(), reinterpret_cast<sockaddr*>(&peer.storage), &peer.size,
                                 SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0) {
            try {
                on_accept_(fd, peer);
            } catch (const std::exception& error) {
                // One connection that cannot be set up must not keep the others in the backlog.
                loop().note_fault(error.what());
            }
            continue;
        }
        if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
            pauses_.fetch_add(1, std::memory_order_relaxed);
            retry_.set(loop().batch_time() + kPause);
            return false;
        }
        // A client that gave up in the backlog must not stop accepting.
        if (errno != ECONNABORTED && errno != EINTR && errno != EPROTO) return false;
    }
    return true;
}

void Listener::close() {
    if (source_.fd() < 0) return;
    for (int i = 0; i < kBatchesAtClose && accept_batch(); ++i) {
    }
    source_.set_waker(nullptr);
    retry_.clear();
    source_.close();
}

}  // namespace weir::net
