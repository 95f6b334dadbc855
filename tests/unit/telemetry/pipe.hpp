#pragma once
// A pipe whose reading end belongs to the test, which reads what was written or lets it fill up.

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>

namespace weir::telemetry {

class Pipe {
public:
    Pipe() {
        int ends[2];
        if (pipe2(ends, O_CLOEXEC) == 0) {
            read_fd_ = ends[0];
            write_fd_ = ends[1];
        }
    }
    ~Pipe() {
        close_reader();
        close(write_fd_);
    }
    Pipe(const Pipe&) = delete;
    Pipe& operator=(const Pipe&) = delete;

    [[nodiscard]] int write_fd() const { return write_fd_; }
    // A path by which the writing end can be opened anew.
    [[nodiscard]] std::string path() const { return "/proc/self/fd/" + std::to_string(write_fd_); }

    void close_reader() {
        if (read_fd_ >= 0) close(read_fd_);
        read_fd_ = -1;
    }

    // Fills it completely. Returns the number of bytes written.
    std::size_t fill() {
        const int flags = fcntl(write_fd_, F_GETFL);
        fcntl(write_fd_, F_SETFL, flags | O_NONBLOCK);
        const std::string page(4096, 'x');
        std::size_t filled = 0;
        for (ssize_t n = 0; (n = write(write_fd_, page.data(), page.size())) > 0;)
            filled += static_cast<std::size_t>(n);
        fcntl(write_fd_, F_SETFL, flags);
        return filled;
    }

    // Reads until `bytes` have come, or nothing comes for a second.
    std::string read_bytes(std::size_t bytes) {
        return read_until([bytes](const std::string& text) { return text.size() >= bytes; });
    }
    // Reads until `end` has come, or nothing comes for a second.
    std::string read_to(const std::string& end) {
        return read_until([&end](const std::string& text) { return text.find(end) != std::string::npos; });
    }

private:
    template <typename Done>
    std::string read_until(Done done) {
        std::string text;
        while (!done(text)) {
            pollfd ready{read_fd_, POLLIN, 0};
            if (poll(&ready, 1, 1000) <= 0) break;
            char headroom[4096];
            const ssize_t n = read(read_fd_, headroom, sizeof headroom);
            if (n <= 0) break;
            text.append(headroom, static_cast<std::size_t>(n));
        }
        return text;
    }

    int read_fd_ = -1;
    int write_fd_ = -1;
};

}  // namespace weir::telemetry
