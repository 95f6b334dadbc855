#include "gateway/watchdog.hpp"

#include <execinfo.h>
#include <fmt/format.h>
#include <malloc.h>
#include <pthread.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <csignal>
#include <string>

#include "gateway/systemd.hpp"

namespace weir::gateway {
namespace {

using namespace std::chrono_literals;

constexpr Duration kLookEvery = 50ms;
constexpr Duration kStuck = 100ms;
constexpr std::size_t kFrames = 32;

// The one stack that is requested at a time. The side that clears `wanted` owns the frames: the handler in the stuck
// thread, which sets `size` once it has written them, or the control loop, which withdraws the request.
struct Stack {
    std::array<void*, kFrames> frames{};
    std::atomic<bool> wanted{false};
    std::atomic<int> size{0};
};
Stack asked_for;

int stack_signal() { return SIGRTMIN + 1; }

void take_stack(int /*signal*/) {
    if (!asked_for.wanted.exchange(false, std::memory_order_acquire)) return;  // too late
    const int size = backtrace(asked_for.frames.data(), static_cast<int>(kFrames));
    asked_for.size.store(std::max(size, 1), std::memory_order_release);
}

// `weir(+0x1234) libc.so.6(+0x5678) ...`, innermost first, without the handler's own frames.
std::string words_of(std::span<void* const> frames) {
    constexpr std::size_t kHandler = 2;
    frames = frames.subspan(std::min(kHandler, frames.size()));
    std::string words;
    char** const names = backtrace_symbols(frames.data(), static_cast<int>(frames.size()));
    if (names == nullptr) return words;
    for (std::size_t i = 0; i < frames.size(); ++i) {
        std::string_view name(names[i]);
        name = name.substr(0, name.find(" ["));
        if (const std::size_t slash = name.rfind('/'); slash != std::string_view::npos) name.remove_prefix(slash + 1);
        words.append(words.empty() ? "" : " ").append(name);
    }
    std::free(names);
    return words;
}

}  // namespace

int Watchdog::prepare() {
    // The first call loads a library, which a handler must not do.
    std::array<void*, 1> frame;
    backtrace(frame.data(), 1);
    struct sigaction action {};
    action.sa_handler = take_stack;
    action.sa_flags = SA_RESTART;
    sigaction(stack_signal(), &action, nullptr);
    return stack_signal();
}

Watchdog::Watchdog(net::EventLoop& control, const std::vector<std::unique_ptr<downstream::Worker>>& workers,
                   std::vector<std::thread>& threads)
    : Wakeable(control),
      workers_(workers),
      threads_(threads),
      asked_(workers.size()),
      asking_(workers.size()),
      ping_every_(watchdog_period() / 2),
      timer_(control.timers(), *this) {
    timer_.set(control.now() + kLookEvery);
}

Watchdog::~Watchdog() = default;

void Watchdog::run() {
    const TimePoint now = loop().now();
    Duration longest{};
    for (std::size_t i = 0; i < workers_.size(); ++i) {
        const TimePoint since = workers_[i]->loop().busy_since();
        if (since != TimePoint{}) longest = std::max(longest, now - since);
        look(i, now);
    }
    ping(now, longest);
    if (!workers_.empty() && memory_.has_fallen(workers_[0]->state().buffered_bytes.load(std::memory_order_relaxed))) {
        malloc_trim(0);
    }
    timer_.set(now + kLookEvery);
}

// Requests the stack of a worker that is stuck, once per turn; the next look reports it.
void Watchdog::look(std::size_t worker, TimePoint now) {
    const TimePoint since = workers_[worker]->loop().busy_since();
    const bool stuck = since != TimePoint{} && now - since >= kStuck;
    if (asking_ == worker) return report(worker, now - asked_[worker]);
    if (!stuck || since == asked_[worker] || asking_ != workers_.size()) return;
    asked_[worker] = since;
    asking_ = worker;
    asked_for.size.store(0, std::memory_order_relaxed);
    asked_for.wanted.store(true, std::memory_order_release);
    if (pthread_kill(threads_[worker].native_handle(), stack_signal()) != 0) asking_ = workers_.size();
}

void Watchdog::report(std::size_t worker, Duration stuck) {
    const auto size = static_cast<std::size_t>(asked_for.size.load(std::memory_order_acquire));
    const bool unheard = size == 0 && asked_for.wanted.exchange(false, std::memory_order_acquire);
    if (size == 0 && !unheard) return;  // it is being written; the next look finds it
    spdlog::warn("worker {} was stuck in one turn for {} ms or more; it stood at {}", worker,
                 std::chrono::duration_cast<std::chrono::milliseconds>(stuck).count(),
                 size == 0 ? std::string("an unknown place") : words_of(std::span(asked_for.frames).first(size)));
    asking_ = workers_.size();
}

void Watchdog::ping(TimePoint now, Duration longest) {
    if (ping_every_ == Duration::zero() || now < next_ping_ || longest >= ping_every_) return;
    next_ping_ = now + ping_every_;
    notify_service_manager("WATCHDOG=1");
}

}  // namespace weir::gateway
