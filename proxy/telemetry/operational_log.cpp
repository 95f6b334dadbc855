#include "telemetry/operational_log.hpp"

#include <poll.h>
#include <spdlog/async.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/sinks/null_sink.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <memory>
#include <string>

namespace weir::telemetry {
namespace {

constexpr std::size_t kQueuedMessages = 8192;
constexpr int kWriteTimeoutMs = 200;
constexpr std::size_t kChunk = 4096;  // PIPE_BUF: what a pipe that polls as writable takes without blocking

spdlog::level::level_enum level_of(std::string_view level) {
    if (level == "debug") return spdlog::level::debug;
    if (level == "warn") return spdlog::level::warn;
    if (level == "error") return spdlog::level::err;
    return spdlog::level::info;
}

// Signals belong to the threads that wait for them, and a stderr without a reader must be an error, not SIGPIPE.
void block_signals() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, nullptr);
}

// Writes to a descriptor that other processes share, so it may not be made non-blocking: polls before each write
// instead.
class PollingSink final : public spdlog::sinks::base_sink<spdlog::details::null_mutex> {
public:
    explicit PollingSink(int fd) : fd_(fd) {}

private:
    void sink_it_(const spdlog::details::log_msg& message) override {
        spdlog::memory_buf_t text;
        formatter_->format(message, text);
        // A message may quote what a client sent: it must stay one line and carry no terminal control codes.
        for (std::size_t i = 0; i + 1 < text.size(); ++i) {
            const auto c = static_cast<unsigned char>(text[i]);
            if (c < 0x20 || c == 0x7F) text[i] = '?';
        }
        write({text.data(), text.size()});
    }
    void flush_() override {}

    void write(std::string_view text) {
        while (!text.empty()) {
            pollfd wait{fd_, POLLOUT, 0};
            // Once stderr was found blocked, later messages do not wait until it accepts one, so the queue drains
            // quickly.
            if (poll(&wait, 1, blocked_ ? 0 : kWriteTimeoutMs) <= 0) {
                blocked_ = true;
                return;
            }
            blocked_ = false;
            const ssize_t written = ::write(fd_, text.data(), std::min(text.size(), kChunk));
            if (written < 0 && errno == EINTR) continue;
            if (written <= 0) return;
            text.remove_prefix(static_cast<std::size_t>(written));
        }
    }

    int fd_;
    bool blocked_ = false;
};

}  // namespace

struct OperationalLog::State {
    std::shared_ptr<spdlog::details::thread_pool> pool;
};

OperationalLog::OperationalLog(std::string_view level, int fd) : state_(std::make_unique<State>()) {
    state_->pool = std::make_shared<spdlog::details::thread_pool>(kQueuedMessages, 1, block_signals);
    auto logger = std::make_shared<spdlog::async_logger>("weir", std::make_shared<PollingSink>(fd), state_->pool,
                                                         spdlog::async_overflow_policy::overrun_oldest);
    logger->set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %l %v", spdlog::pattern_time_type::utc);
    spdlog::set_default_logger(std::move(logger));
    set_level(level);
}

// Not spdlog::shutdown(): it leaves no default logger, and the next message from any thread would crash. The pool
// writes out its queue as it ends.
OperationalLog::~OperationalLog() {
    spdlog::set_default_logger(std::make_shared<spdlog::logger>("", std::make_shared<spdlog::sinks::null_sink_mt>()));
}

void OperationalLog::set_level(std::string_view level) { spdlog::set_level(level_of(level)); }

}  // namespace weir::telemetry
