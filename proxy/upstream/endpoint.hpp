#pragma once
// One address of a backend, and its known health.
//
// Two sources decide whether it takes requests: active probes, with hysteresis (`fall` failures in a row, `rise`
// successes), and the requests themselves, which eject it for a while after enough failures in a row. Both must agree
// that it is available. A late answer is a failure only if no other request was answered meanwhile.
//
// Threading: any thread.

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/down_reason.hpp"
#include "base/ids.hpp"
#include "net/socket.hpp"
#include "net/tls.hpp"
#include "upstream/config.hpp"

namespace weir::upstream {

// The counts of an endpoint that metrics show.
struct EndpointCounters {
    std::atomic<std::uint64_t> succeeded{0};  // requests answered, whatever the status
    std::atomic<std::uint64_t> failed{0};     // no connection, reset, time-out, bad answer, or 502 to 504
    std::atomic<std::uint64_t> connects{0};   // connections opened
    std::atomic<std::uint64_t> connect_failures{0};
    std::atomic<std::uint64_t> connect_nanoseconds{0};  // total, over opened connections
    std::atomic<std::uint64_t> ejections{0};
    std::atomic<std::uint64_t> probe_failures{0};
    std::atomic<std::uint64_t> polls_running{0};  // polls of video jobs, by result
    std::atomic<std::uint64_t> polls_over{0};
    std::atomic<std::uint64_t> polls_failed{0};
    std::atomic<std::uint32_t> websockets{0};  // open now
    // Requests that were sent again, here or elsewhere, because of this endpoint, and those for which the budget was
    // used up.
    std::array<std::atomic<std::uint64_t>, kTryCauses.size()> tries{};
    std::atomic<std::uint64_t> tries_over_budget{0};
};

// One of an endpoint's WebSocket connections, from before it is opened to its end.
class OpenWebSocket {
public:
    // Counts it, unless there are already `limit`.
    OpenWebSocket(EndpointCounters& counters, std::uint32_t limit)
        : counters_(counters.websockets.fetch_add(1, std::memory_order_relaxed) < limit ? &counters : nullptr) {
        if (counters_ == nullptr) counters.websockets.fetch_sub(1, std::memory_order_relaxed);
    }
    ~OpenWebSocket() {
        if (counters_ != nullptr) counters_->websockets.fetch_sub(1, std::memory_order_relaxed);
    }
    OpenWebSocket(const OpenWebSocket&) = delete;
    OpenWebSocket& operator=(const OpenWebSocket&) = delete;

    [[nodiscard]] bool counted() const { return counters_ != nullptr; }

private:
    EndpointCounters* counters_;
};

// Decides about one endpoint's health: counts and instants, no I/O. Not thread-safe; Endpoint locks.
class HealthState {
public:
    // The outcome of an active probe.
    void probed(bool success, const HealthConfig& config);
    // A request had no answer in time, though the endpoint had it since `since` and has given no answer meanwhile.
    // Returns whether that is one more failure: among requests that it had at the same time only the first is.
    [[nodiscard]] bool timed_out(TimePoint since, TimePoint now);
    // A request failed. Returns true when that ejects the endpoint; never when `may_eject` is false.
    bool request_failed(const EjectionConfig& config, bool may_eject, TimePoint now);
    void request_succeeded() { failures_ = 0; }
    // There are no probes any more, so their last result must not stand forever.
    void forget_probes() { probes_up_ = true; }
    // Ends an ejection once it is due.
    void tick(TimePoint now);

    // Whether its name has an address.
    void located(bool has_address) { has_address_ = has_address; }

    [[nodiscard]] bool available() const { return probes_up_ && !ejected_ && has_address_; }
    [[nodiscard]] std::uint32_t failures() const { return failures_; }

private:
    bool probes_up_ = true;  // until a probe says otherwise: a slow first probe at the start refuses no request
    bool ejected_ = false;
    bool has_address_ = true;         // until a look-up says otherwise
    std::uint32_t failures_ = 0;      // of requests, in a row
    std::uint32_t probe_streak_ = 0;  // probes in a row that contradict probes_up_
    TimePoint ejected_until_{};
    TimePoint timed_out_at_{};  // the last one that counted
};

// Identifies endpoints over reloads, which ids do not: a removed endpoint may leave its id to another.
enum class EndpointSerial : std::uint64_t {};

class Endpoint {
public:
    Endpoint(EndpointId id, EndpointConfig config, std::shared_ptr<net::TlsContext> tls);

    [[nodiscard]] EndpointId id() const { return id_; }
    [[nodiscard]] EndpointSerial serial() const { return serial_; }
    [[nodiscard]] const EndpointConfig& config() const { return config_; }
    // `host:port` for the Host field: with the port only where it is not the scheme's default.
    [[nodiscard]] const std::string& authority() const { return authority_; }
    // Null for plain TCP.
    [[nodiscard]] net::TlsContext* tls() const { return tls_.get(); }

    [[nodiscard]] std::vector<net::SocketAddress> addresses() const;
    // Keeps the old addresses when there are no new ones: a failing name server must not take the backend down. Idle
    // connections are not used again once an address is gone.
    void set_addresses(std::vector<net::SocketAddress> addresses);
    // Changes when idle connections to it must not be used again.
    [[nodiscard]] std::uint32_t epoch() const { return epoch_.load(std::memory_order_relaxed); }

    // The fault of the last attempt to reach it; none when it was reached.
    void note_fault(WhyDown fault);
    // Why it is down; empty while it is up.
    [[nodiscard]] WhyDown why_down() const;
    // More of an answer has arrived.
    void heard(TimePoint now) {
        const Duration::rep at = now.time_since_epoch().count();
        // Bounds the writes to a word that all workers share: not one for every event of a stream.
        constexpr Duration::rep kOften = Duration(std::chrono::milliseconds(50)).count();
        if (at - heard_at_.load(std::memory_order_relaxed) >= kOften) heard_at_.store(at, std::memory_order_relaxed);
    }
    // The last time that bytes of an answer arrived; far in the past before the first.
    [[nodiscard]] TimePoint heard_at() const { return TimePoint(Duration(heard_at_.load(std::memory_order_relaxed))); }

    EndpointCounters counters;

private:
    friend class Backend;

    EndpointId id_;
    EndpointSerial serial_;
    EndpointConfig config_;
    std::string authority_;
    std::shared_ptr<net::TlsContext> tls_;
    mutable std::mutex mutex_;  // guards the following members, except the flags
    std::vector<net::SocketAddress> addresses_;
    HealthState health_;
    WhyDown fault_;                      // of the last attempt
    WhyDown why_down_;                   // the fault when it went down
    std::atomic<bool> available_{true};  // health_.available(), to read without the lock
    std::atomic<Duration::rep> heard_at_{0};
    std::atomic<std::uint32_t> epoch_{0};
    std::atomic<bool> failing_{false};  // there are failures in a row, so a success must take the lock
};

}  // namespace weir::upstream
