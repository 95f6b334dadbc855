#include "net/event_loop.hpp"

#include <spdlog/spdlog.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cerrno>
#include <exception>
#include <system_error>
#include <utility>

namespace weir::net {
namespace {

// Enough rounds to serve a burst without going back to Asio, few enough that its timers and posts get their turn.
constexpr int kRoundsPerTurn = 16;
constexpr int kEventsPerRound = 256;

int make_epoll() {
    const int fd = epoll_create1(EPOLL_CLOEXEC);
    if (fd < 0) throw std::system_error(errno, std::generic_category(), "epoll_create1");
    return fd;
}

}  // namespace

struct EventLoop::Impl {
    explicit Impl(int epoll_fd) : epoll(io, epoll_fd), timer(io) {}

    boost::asio::io_context io{1};
    boost::asio::posix::stream_descriptor epoll;  // owns the descriptor
    boost::asio::steady_timer timer;
    TimePoint timer_set = TimePoint::max();
    TimePoint turn_began{};
    bool in_turn = false;
    bool turn_posted = false;
    bool watching = false;  // the epoll; false only while its events are handled, or when there was no memory to go on
    std::atomic<Duration::rep> busy_since{0};  // turn_began for other threads; 0 between turns
    std::atomic<Duration::rep> worst_lag{0};
    std::atomic<std::uint64_t> faults{0};
};

void Wakeable::wake() {
    if (hook_.is_linked()) return;
    loop_.ready_.push_back(*this);
    if (!loop_.impl_->in_turn) loop_.schedule_turn();
}

Source::Source(EventLoop& loop, int fd) : loop_(loop), fd_(fd) {
    epoll_event event{};
    event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
    event.data.ptr = this;
    // Out of memory or of watches: the descriptor counts as broken, and its owner drops it like any other.
    if (epoll_ctl(loop.epoll_fd_, EPOLL_CTL_ADD, fd, &event) != 0) ready.broken = true;
}

Source::~Source() {
    if (fd_ >= 0) ::close(fd_);
}

void Source::close() {
    if (fd_ < 0) return;
    ::close(fd_);
    fd_ = -1;
    ready = {.readable = true, .writable = true, .peer_closed = true, .broken = true};
    if (waker_ != nullptr) waker_->wake();
}

EventLoop::EventLoop() : epoll_fd_(make_epoll()), batch_time_(Clock::now()), timers_(batch_time_), scratch_{} {
    impl_ = std::make_unique<Impl>(epoll_fd_);
}

EventLoop::~EventLoop() = default;

boost::asio::io_context& EventLoop::io() { return impl_->io; }

std::uint64_t EventLoop::faults() const { return impl_->faults.load(std::memory_order_relaxed); }

TimePoint EventLoop::busy_since() const {
    return TimePoint(Duration(impl_->busy_since.load(std::memory_order_relaxed)));
}

Duration EventLoop::take_worst_lag() { return Duration(impl_->worst_lag.exchange(0, std::memory_order_relaxed)); }

void EventLoop::stop() { impl_->io.stop(); }

void EventLoop::post(std::function<void()> work) {
    boost::asio::post(impl_->io, [this, work = std::move(work)] {
        begin_turn();
        try {
            work();
        } catch (const std::exception& error) {
            note_fault(error.what());
        }
        end_turn();
    });
}

void EventLoop::run() {
    const auto work = boost::asio::make_work_guard(impl_->io);
    schedule_turn();  // for timers and wakes from before
    while (!impl_->io.stopped()) {
        try {
            if (!impl_->watching) watch_epoll();
            impl_->io.run();
        } catch (const std::exception& error) {
            note_fault(error.what());
        }
    }
}

bool EventLoop::turn_at(TimePoint instant) {
    by_hand_ = instant;
    impl_->io.restart();
    const bool posted = impl_->io.poll_one() > 0;
    begin_turn();
    timers_.advance(batch_time_);
    const bool woken = !ready_.empty();
    end_turn();
    return posted || woken;
}

void EventLoop::note_fault(const char* what) {
    impl_->faults.fetch_add(1, std::memory_order_relaxed);
    spdlog::error("an event handler failed: {}", what);
}

void EventLoop::watch_epoll() {
    impl_->epoll.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                            [this](const boost::system::error_code& error) {
                                if (error) return;
                                impl_->watching = false;
                                handle_events();
                                watch_epoll();
                            });
    impl_->watching = true;
}

void EventLoop::handle_events() {
    begin_turn();
    std::array<epoll_event, kEventsPerRound> events;
    for (int round = 0; round < kRoundsPerTurn; ++round) {
        const int count = epoll_wait(epoll_fd_, events.data(), kEventsPerRound, 0);
        if (count <= 0 && ready_.empty()) break;
        for (const epoll_event& event : std::span(events).first(static_cast<std::size_t>(std::max(count, 0)))) {
            auto& source = *static_cast<Source*>(event.data.ptr);
            source.ready.readable |= (event.events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0;
            source.ready.writable |= (event.events & (EPOLLOUT | EPOLLHUP | EPOLLERR)) != 0;
            source.ready.peer_closed |= (event.events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0;
            source.ready.broken |= (event.events & (EPOLLHUP | EPOLLERR)) != 0;
            if (source.waker_ != nullptr) source.waker_->wake();
        }
        batch_time_ = now();
        run_ready();
    }
    end_turn();
}

void EventLoop::begin_turn() {
    impl_->in_turn = true;
    batch_time_ = now();
    impl_->turn_began = batch_time_;
    impl_->busy_since.store(batch_time_.time_since_epoch().count(), std::memory_order_relaxed);
}

void EventLoop::end_turn() {
    run_ready();
    impl_->in_turn = false;
    if (!ready_.empty()) schedule_turn();
    drive_timers();
    impl_->busy_since.store(0, std::memory_order_relaxed);
    const Duration::rep busy = (now() - impl_->turn_began).count();
    if (busy > impl_->worst_lag.load(std::memory_order_relaxed)) {
        impl_->worst_lag.store(busy, std::memory_order_relaxed);
    }
}

void EventLoop::schedule_turn() {
    if (impl_->turn_posted) return;
    boost::asio::post(impl_->io, [this] {
        impl_->turn_posted = false;
        begin_turn();
        end_turn();
    });
    impl_->turn_posted = true;
}

void EventLoop::run_ready() {
    // Only those who are on the list now: who wakes again meanwhile waits for the next round, after the descriptors.
    running_.splice(running_.end(), ready_);
    while (!running_.empty()) {
        Wakeable& next = running_.front();
        running_.pop_front();
        try {
            next.run();
        } catch (const std::exception& error) {
            note_fault(error.what());
        }
    }
}

void EventLoop::drive_timers() {
    const auto next = timers_.next();
    if (!next || *next >= impl_->timer_set) return;
    impl_->timer_set = TimePoint::max();
    impl_->timer.expires_at(*next);
    impl_->timer.async_wait([this](const boost::system::error_code& error) {
        if (error) return;
        impl_->timer_set = TimePoint::max();
        begin_turn();
        timers_.advance(batch_time_);
        end_turn();
    });
    impl_->timer_set = *next;
}

}  // namespace weir::net
