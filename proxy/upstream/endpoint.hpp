#pragma once
// One address of a backend, and its known health (endpoint_health.hpp). A late answer is a failure only if no other
// request was answered meanwhile.
//
// Threading: any thread.

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/down_reason.hpp"
#include "base/ids.hpp"
#include "net/socket.hpp"
#include "net/tls.hpp"
#include "upstream/answer_window.hpp"
#include "upstream/config.hpp"
#include "upstream/endpoint_health.hpp"
#include "upstream/first_tokens.hpp"

namespace weir::upstream {

// Statuses that metrics tell apart: these, and the rest of each hundred.
inline constexpr auto kAnswerCodes = std::to_array<std::string_view>(
    {"1xx", "2xx", "3xx", "401", "403", "404", "429", "4xx", "500", "501", "502", "503", "504", "529", "5xx"});
// The place of a status in kAnswerCodes. REQUIRES: 100 to 599.
[[nodiscard]] std::size_t answer_code(int status);
// Errors of the endpoint's own: any from 500 on, except those that say it does not know such requests (501, 505).
[[nodiscard]] constexpr bool is_endpoint_error(int status) { return status >= 500 && status != 501 && status != 505; }

// The counts of an endpoint that metrics show.
struct EndpointCounters {
    std::atomic<std::uint64_t> succeeded{0};  // requests answered, not by an error of its own
    std::atomic<std::uint64_t> failed{0};     // no connection, reset, time-out, bad answer, or an error of its own
    std::atomic<std::uint64_t> faults{0};     // of these, the ones that count for an ejection
    std::array<std::atomic<std::uint64_t>, kAnswerCodes.size()> answers{};  // by status
    std::atomic<std::uint64_t> connects{0};                                 // connections opened
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
    // The same of the last health check.
    void note_check(const WhyDown& fault);
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

    // What it takes at the moment.
    [[nodiscard]] Intake intake() const;
    [[nodiscard]] std::optional<HandSetting> hand() const;

    EndpointCounters counters;

private:
    friend class Backend;

    // Good and failed requests, for an ejection.
    [[nodiscard]] AnswerCounts answer_counts() const {
        return {counters.succeeded.load(std::memory_order_relaxed), counters.faults.load(std::memory_order_relaxed)};
    }

    EndpointId id_;
    EndpointSerial serial_;
    EndpointConfig config_;
    std::string authority_;
    std::shared_ptr<net::TlsContext> tls_;
    std::mutex reporting_;      // held while what it takes is reported; locked before mutex_
    mutable std::mutex mutex_;  // guards the following members, except the flags
    std::vector<net::SocketAddress> addresses_;
    HealthState health_;
    AnswerWindow window_;
    Intake intake_;        // as last reported
    WhyDown check_fault_;  // of the last health check
    WhyDown fault_;        // of the last attempt
    WhyDown why_down_;     // the fault when it went down
    FirstTokens first_tokens_;
    std::atomic<bool> available_{true};  // intake_.open, to read without the lock
    std::atomic<bool> slow_{false};      // it starts slowly
    std::atomic<bool> ejected_{false};   // or on trial
    std::atomic<Duration::rep> heard_at_{0};
    std::atomic<std::uint32_t> epoch_{0};
    std::atomic<bool> failing_{false};  // there are failures in a row, so a success must take the lock
};

}  // namespace weir::upstream
