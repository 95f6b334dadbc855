#pragma once
// One epoll descriptor that clients and backend share, so that a benchmark's two ends cost one core together.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <netinet/in.h>

namespace weir::bench {

using Nanoseconds = std::uint64_t;

// The steady clock.
[[nodiscard]] Nanoseconds now();

inline constexpr Nanoseconds kSecond = 1'000'000'000;
inline constexpr Nanoseconds kMillisecond = 1'000'000;

// Owns a descriptor, and is notified of its readiness.
class Source {
public:
    explicit Source(int fd) : fd_(fd) {}
    virtual ~Source();
    Source(const Source&) = delete;
    Source& operator=(const Source&) = delete;

    virtual void ready(std::uint32_t events) = 0;
    [[nodiscard]] int fd() const { return fd_; }

private:
    int fd_;
};

// Level-triggered. Not thread-safe.
class Loop {
public:
    Loop();
    ~Loop();
    Loop(const Loop&) = delete;
    Loop& operator=(const Loop&) = delete;

    void add(Source& source, std::uint32_t events);
    void change(Source& source, std::uint32_t events);

    // Closes and frees the source once the current batch of events, which may still name it, is done.
    // REQUIRES: the source hears of nothing afterwards.
    void retire(std::unique_ptr<Source> source);

    // Waits at most `milliseconds` for events and delivers one batch of them.
    void turn(int milliseconds);

private:
    int epoll_;
    std::vector<std::unique_ptr<Source>> retired_;
};

// Splits `127.0.0.1:8080`. Throws std::invalid_argument with a sentence for the user.
[[nodiscard]] sockaddr_in parse_address(const std::string& text);
[[nodiscard]] std::string to_string(const sockaddr_in& address);

}  // namespace weir::bench
