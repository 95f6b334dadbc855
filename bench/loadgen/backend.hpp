#pragma once
// The server behind the proxy under test: answers at once, or streams numbered events, at next to no cost.

#include <queue>
#include <string>
#include <unordered_map>
#include <vector>

#include "loop.hpp"

namespace weir::bench {

struct BackendConfig {
    sockaddr_in listen{};
    std::size_t response_bytes = 256;
    bool stream = false;            // POSTs are answered with events, as model servers do
    Nanoseconds stream_for = 0;     // how long each stream lasts
    Nanoseconds event_every = 0;    // within a stream; 0: as fast as the connection takes them
    std::size_t event_bytes = 100;  // at least; the smallest event has about 100
};

class BackendConnection;

// Not thread-safe: owned by one loop.
class Backend {
public:
    // Listens at once. Throws std::system_error when the address is taken.
    Backend(Loop& loop, const BackendConfig& config);
    ~Backend();

    [[nodiscard]] const sockaddr_in& address() const { return address_; }
    [[nodiscard]] std::size_t streams_open() const { return streams_open_; }
    [[nodiscard]] std::uint64_t events_sent() const { return events_sent_; }

    // When the other side closed streams that had not ended, in order.
    [[nodiscard]] const std::vector<Nanoseconds>& cancellations() const { return cancellations_; }

    // Sends every event that is due. Call it after each turn of the loop.
    void send_due();

    // How long the loop may sleep before the next event is due, in milliseconds, at most `longest`.
    [[nodiscard]] int sleep(int longest) const;

private:
    friend class BackendConnection;
    class Listener;

    void open(int fd);
    void close(BackendConnection& connection);
    void stream_started(BackendConnection& connection);

    Loop& loop_;
    BackendConfig config_;
    sockaddr_in address_{};
    std::unique_ptr<Listener> listener_;
    std::unordered_map<std::uint64_t, std::unique_ptr<BackendConnection>> connections_;
    struct Due {
        Nanoseconds at;
        std::uint64_t connection;
        bool operator<(const Due& other) const { return at > other.at; }  // the earliest is the queue's top
    };
    std::priority_queue<Due> due_;
    std::string answer_;  // a whole response
    std::string event_;   // a whole chunk, with its number and time to be filled in
    std::uint64_t next_id_ = 0;
    std::size_t streams_open_ = 0;
    std::uint64_t events_sent_ = 0;
    std::vector<Nanoseconds> cancellations_;
};

}  // namespace weir::bench
