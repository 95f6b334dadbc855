#include "telemetry/log_writer.hpp"

#include <poll.h>
#include <spdlog/spdlog.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <csignal>
#include <mutex>
#include <optional>
#include <system_error>
#include <utility>
#include <vector>

#include "telemetry/log_lane.hpp"

namespace weir::telemetry {
namespace {

constexpr int kNapMs = 20;
constexpr std::size_t kKeptCapacity = 1024 * 1024;
constexpr std::chrono::milliseconds kLastWait{100};

// Signals belong to the threads that wait for them, and a pipe without a reader must be an error, not SIGPIPE.
void block_signals() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, nullptr);
}

std::uint64_t count_lines(std::string_view text) {
    return static_cast<std::uint64_t>(std::count(text.begin(), text.end(), '\n'));
}

}  // namespace

struct LogWriter::State {
    explicit State(std::size_t count) : lanes(count), wake_fd(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}
    ~State() { close(wake_fd); }
    State(const State&) = delete;
    State& operator=(const State&) = delete;

    void wake() { (void)eventfd_write(wake_fd, 1); }

    // The writing thread.
    void run();
    void take_orders();
    void use(LogSink next);
    bool gather();
    void write_batch();
    void drop_batch();
    void report(const LogSink::Written& result);
    void rest();
    void wait(int timeout_ms, bool for_sink);

    std::vector<LogLane> lanes;
    std::atomic<std::uint32_t> lines_per_lane{0};
    std::atomic<bool> idle{false};  // the thread sleeps until it is woken
    std::atomic<std::uint64_t> lines{0};
    std::atomic<std::uint64_t> dropped{0};
    int wake_fd;

    std::mutex mutex;  // guards the requests to the thread
    std::condition_variable done_changed;
    std::string to;
    std::optional<LogSink> next_sink;
    bool reopen = false;
    bool done = false;
    std::atomic<bool> stopping{false};
    std::atomic<bool> abandoned{false};

    // Used by the writing thread only.
    LogSink sink;
    std::string batch;
    std::size_t written = 0;  // of the batch
    bool torn = false;        // the sink's last line is incomplete
    bool failing = false;
};

void LogWriter::State::run() {
    block_signals();
    while (!abandoned) {
        take_orders();
        if (batch.empty() && !gather()) {
            if (stopping) break;
            rest();
            continue;
        }
        write_batch();
        if (batch.empty() && !stopping) wait(kNapMs, false);
    }
    gather();
    drop_batch();
    const std::lock_guard lock(mutex);
    done = true;
    done_changed.notify_all();
}

void LogWriter::State::take_orders() {
    std::optional<LogSink> next;
    std::string reopen_at;
    {
        const std::lock_guard lock(mutex);
        next = std::exchange(next_sink, std::nullopt);
        if (std::exchange(reopen, false)) reopen_at = to;  // also a sink just set: it was opened before the rotation
    }
    if (next) use(std::move(*next));
    if (reopen_at.empty()) return;
    Result<LogSink> opened = LogSink::open(reopen_at);
    if (opened) {
        use(std::move(opened.value()));
    } else {
        spdlog::warn("{}; the former file stays in use", opened.error().message);
    }
}

void LogWriter::State::use(LogSink next) {
    sink = std::move(next);
    torn = false;
    if (written == 0 || batch[written - 1] == '\n') return;
    written = std::min(batch.find('\n', written), batch.size() - 1) + 1;  // the old sink has the front of this line
    ++dropped;
}

bool LogWriter::State::gather() {
    for (LogLane& lane : lanes) lane.take(batch);
    return !batch.empty();
}

void LogWriter::State::write_batch() {
    while (written < batch.size() && !abandoned) {
        const std::string_view rest = std::string_view(batch).substr(written);
        const LogSink::Written result = sink.write(torn ? std::string_view("\n") : rest);
        report(result);
        if (result.kind == LogSink::Written::Kind::failed) return drop_batch();
        if (result.kind == LogSink::Written::Kind::blocked) return wait(-1, true);
        if (result.bytes == 0) continue;
        if (!std::exchange(torn, false)) {
            written += result.bytes;
            lines += count_lines(rest.substr(0, result.bytes));
        }
    }
    if (written == batch.size()) drop_batch();
}

// Counts the unwritten lines as dropped. A half-written line leaves the sink torn: the next write ends it first.
void LogWriter::State::drop_batch() {
    if (written > 0 && written < batch.size() && batch[written - 1] != '\n') torn = true;
    dropped += count_lines(std::string_view(batch).substr(written));
    batch.clear();
    written = 0;
    if (batch.capacity() > kKeptCapacity) batch.shrink_to_fit();
}

void LogWriter::State::report(const LogSink::Written& result) {
    if (result.kind == LogSink::Written::Kind::blocked) return;
    const bool fails = result.kind == LogSink::Written::Kind::failed;
    if (std::exchange(failing, fails) == fails || sink.fd() < 0) return;
    if (fails) {
        spdlog::warn("the access log cannot be written: {}; its lines are dropped and counted",
                     std::generic_category().message(result.error));
    } else {
        spdlog::info("the access log can be written again");
    }
}

void LogWriter::State::rest() {
    idle = true;
    // A line pushed before `idle` was set woke nothing: look once more before sleeping.
    if (!gather()) wait(-1, false);
    idle = false;
}

void LogWriter::State::wait(int timeout_ms, bool for_sink) {
    pollfd events[] = {{wake_fd, POLLIN, 0}, {sink.fd(), POLLOUT, 0}};
    (void)poll(events, for_sink ? 2 : 1, timeout_ms);
    eventfd_t ignored = 0;
    (void)eventfd_read(wake_fd, &ignored);
}

LogWriter::LogWriter(std::size_t lanes) : state_(std::make_shared<State>(lanes)) {}

LogWriter::~LogWriter() { shutdown(); }

void LogWriter::push(std::size_t lane, std::string_view line) {
    State& state = *state_;
    const bool hurry = state.lanes[lane].push(line, state.lines_per_lane.load(std::memory_order_relaxed));
    if (!state.idle.load(std::memory_order_relaxed) && !hurry) return;
    state.idle.store(false, std::memory_order_relaxed);
    state.wake();
}

void LogWriter::set_sink(std::string to, LogSink sink, std::uint32_t queue_lines) {
    if (state_->stopping) return;
    state_->lines_per_lane = std::max<std::uint32_t>(1, queue_lines / static_cast<std::uint32_t>(state_->lanes.size()));
    {
        const std::lock_guard lock(state_->mutex);
        state_->to = std::move(to);
        state_->next_sink = std::move(sink);
    }
    state_->wake();
    if (!thread_.joinable()) thread_ = std::thread([state = state_] { state->run(); });
}

void LogWriter::reopen() {
    {
        const std::lock_guard lock(state_->mutex);
        state_->reopen = !state_->to.empty();
    }
    state_->wake();
}

void LogWriter::shutdown(std::chrono::milliseconds bound) {
    state_->stopping = true;
    if (!thread_.joinable()) return;
    state_->wake();
    std::unique_lock lock(state_->mutex);
    const auto is_done = [this] { return state_->done; };
    if (!state_->done_changed.wait_for(lock, bound, is_done)) {
        state_->abandoned = true;
        state_->wake();
    }
    if (!state_->done_changed.wait_for(lock, kLastWait, is_done)) {
        thread_.detach();  // stuck in a write: the thread keeps its state, and the process ends without it
        return;
    }
    lock.unlock();
    thread_.join();
}

LogCounts LogWriter::counts() const {
    LogCounts counts{state_->lines, state_->dropped};
    for (const LogLane& lane : state_->lanes) counts.dropped += lane.dropped();
    return counts;
}

}  // namespace weir::telemetry
