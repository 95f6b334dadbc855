#include "telemetry/log_sink.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

namespace weir::telemetry {
namespace {

constexpr std::size_t kPipeChunk = 4096;  // PIPE_BUF
constexpr std::size_t kFileChunk = 256 * 1024;
constexpr mode_t kMode = 0640;  // the log names clients and addresses

bool is_regular(int fd) {
    struct stat status {};
    return fstat(fd, &status) == 0 && S_ISREG(status.st_mode);
}

}  // namespace

Result<LogSink> LogSink::open(const std::string& to) {
    int fd = -1;
    if (to == "stdout" || to == "stderr") {
        fd = fcntl(to == "stdout" ? STDOUT_FILENO : STDERR_FILENO, F_DUPFD_CLOEXEC, 0);
    } else {
        // Non-blocking for the sake of named pipes: opening one without a reader fails instead of waiting forever.
        fd = ::open(to.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, kMode);
    }
    if (fd < 0) return Error{"the access log " + to + " cannot be opened: " + std::generic_category().message(errno)};
    return LogSink(fd, is_regular(fd));
}

Result<void> LogSink::can_open(const std::string& to) {
    if (to == "stdout" || to == "stderr" || to == "off") return {};
    const std::string folder = to.substr(0, to.rfind('/') + 1);
    struct stat status {};
    const bool exists = stat(to.c_str(), &status) == 0;
    if (exists && S_ISDIR(status.st_mode)) return Error{"the access log " + to + " is a folder"};
    const int able = exists ? access(to.c_str(), W_OK) : access(folder.c_str(), W_OK | X_OK);
    if (able == 0) return {};
    return Error{"the access log " + to + " cannot be opened: " + std::generic_category().message(errno)};
}

LogSink::~LogSink() {
    if (fd_ >= 0) close(fd_);
}

LogSink::LogSink(LogSink&& other) noexcept : fd_(std::exchange(other.fd_, -1)), is_file_(other.is_file_) {}

LogSink& LogSink::operator=(LogSink&& other) noexcept {
    std::swap(fd_, other.fd_);
    std::swap(is_file_, other.is_file_);
    return *this;
}

LogSink::Written LogSink::write(std::string_view text) {
    text = text.substr(0, is_file_ ? kFileChunk : kPipeChunk);
    if (const std::size_t end = text.rfind('\n'); end != std::string_view::npos) text = text.substr(0, end + 1);
    if (!is_file_) {
        pollfd ready{fd_, POLLOUT, 0};
        if (fd_ >= 0 && poll(&ready, 1, 0) <= 0) return {Written::Kind::blocked, 0, 0};
    }
    const ssize_t taken = ::write(fd_, text.data(), text.size());
    if (taken >= 0) return {Written::Kind::some, static_cast<std::size_t>(taken), 0};
    if (errno == EINTR) return {Written::Kind::some, 0, 0};
    if (errno == EAGAIN) return {Written::Kind::blocked, 0, 0};
    return {Written::Kind::failed, 0, errno};
}

}  // namespace weir::telemetry
