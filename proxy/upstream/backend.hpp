#pragma once
// A pool of endpoints that serve the same thing. It knows which of them are available; the judge chooses which of those
// takes a request.
//
// A reload creates a new backend, which shares the endpoints that remain with the old one, including their health.
//
// Threading: any thread.

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/gauges.hpp"
#include "http/head_edits.hpp"
#include "upstream/endpoint.hpp"

namespace weir::upstream {

class Backend {
public:
    // Called whenever an endpoint takes more or less than before; it must not call the backend. Of an endpoint's calls
    // the last one is true.
    using OnIntake = std::function<void(EndpointId, const Intake&)>;
    // Called with the size of an engine's KV cache, as the engine reports it, in LLM tokens.
    using OnContext = std::function<void(EndpointId, std::uint64_t tokens)>;
    // Called with what an engine says of itself; returns what limits that leaves in force.
    using OnGauges = std::function<LimitsShown(EndpointId, const EngineGauges&)>;

    Backend(BackendId id, BackendConfig config, std::vector<std::shared_ptr<Endpoint>> endpoints, OnIntake on_intake,
            OnContext on_context = {}, OnGauges on_gauges = {});

    [[nodiscard]] BackendId id() const { return id_; }
    [[nodiscard]] const BackendConfig& config() const { return config_; }
    [[nodiscard]] std::span<const std::shared_ptr<Endpoint>> endpoints() const { return endpoints_; }
    // Whether requests to the endpoint differ from what the client sent in more than their Host field.
    [[nodiscard]] bool edits_heads(const Endpoint& endpoint) const {
        return !edits_.empty() || !endpoint.config().path.empty();
    }
    // What is edited in requests to any endpoint; the path of the endpoint's own URL comes on top.
    [[nodiscard]] const http::HeadEdits& edits() const { return edits_; }
    // The same for health checks, which may have credentials and fields of their own.
    [[nodiscard]] const http::HeadEdits& check_edits() const { return check_edits_; }
    // What more is edited in the head of a WebSocket handshake: a browser's key is removed as edits() removes those of
    // other requests, and a `model` in the query gets the backend's own name.
    [[nodiscard]] bool edits_handshakes() const { return !config_.models.empty(); }  // beside edits()
    void edit_handshake(std::string& head) const;
    // The value of the Host field.
    [[nodiscard]] const std::string& host_of(const Endpoint& endpoint) const {
        return config_.host.empty() ? endpoint.authority() : config_.host;
    }
    // Null when there is no endpoint with that id.
    [[nodiscard]] Endpoint* find(EndpointId id) const;
    [[nodiscard]] static bool available(const Endpoint& endpoint);
    // Whether any endpoint is available, other than `except`.
    [[nodiscard]] bool any_available(EndpointId except = kNoEndpoint) const;
    // No endpoint is thought to work, and the least sick one serves.
    [[nodiscard]] bool in_panic() const { return panic_.load(std::memory_order_relaxed); }

    // The head of an answer has come. Only an error counts yet: an engine may hang after its heads.
    void answered(Endpoint& endpoint, int status, TimePoint now);
    // Content of a good answer has come: the endpoint works. Costs no lock unless it has failed lately.
    void began(Endpoint& endpoint, TimePoint now);
    // A good answer is complete.
    void completed(Endpoint& endpoint, TimePoint now);
    // No answer: no connection, or it ended before its time.
    void request_failed(Endpoint& endpoint, TimePoint now);
    // No answer in time, or an answer that stopped. `since`: from then on only the endpoint could cause the delay;
    // later than `now`: it did not cause it.
    void request_timed_out(Endpoint& endpoint, TimePoint since, TimePoint now);
    // The first token of an answer came this long after its request was sent.
    void first_token(Endpoint& endpoint, Duration time, TimePoint now) const;
    // An error that may be the request's fault is rather the endpoint's: it has failed more than once lately, or is on
    // trial, and the others do better.
    [[nodiscard]] bool is_at_fault(Endpoint& endpoint) const;
    void probed(Endpoint& endpoint, bool success, TimePoint now);
    // Its name was looked up; empty: it has no address. The last ones known stay.
    void located(Endpoint& endpoint, std::vector<net::SocketAddress> addresses, TimePoint now);
    // An operator's setting, or none any more.
    void set_by_hand(Endpoint& endpoint, std::optional<HandSetting> setting, TimePoint now);
    void report_context(const Endpoint& endpoint, std::uint64_t tokens) const;
    // What the engine says of itself now. Returns what limits that leaves in force.
    LimitsShown report_gauges(const Endpoint& endpoint, const EngineGauges& gauges) const;
    // Ends what is due, and judges what takes more than one request to see. Call it a few times a second.
    void tick(TimePoint now);

private:
    // `unavailable`: it could not be reached, or says that it cannot serve. Any other error may be the request's fault.
    void count_failure(Endpoint& endpoint, bool unavailable, TimePoint now);
    [[nodiscard]] static AnswerCounts recent(Endpoint& endpoint);
    // Whether so many of its recent requests failed, and so few of the others', that the fault is its own.
    [[nodiscard]] bool is_outlier(Endpoint& endpoint) const;
    [[nodiscard]] bool others_do_better(Endpoint& endpoint, const AnswerCounts& own) const;
    // Whether one more endpoint may be ejected. REQUIRES: ejecting_ is locked.
    [[nodiscard]] bool may_eject(const Endpoint& endpoint) const;
    void eject_slow(TimePoint now);
    template <typename Change>
    void change(Endpoint& endpoint, TimePoint now, Change apply);
    void report(Endpoint& endpoint) const;
    void log_change(const Endpoint& endpoint, const Intake& before, const Intake& after, const std::string& why) const;
    // A slow start is of use only while another endpoint can take the rest.
    [[nodiscard]] Duration slow_start_of(const Endpoint& endpoint) const;
    void settle_panic(TimePoint now);
    void set_panic(Endpoint& endpoint, bool panic, TimePoint now);
    [[nodiscard]] Endpoint* least_sick(TimePoint now) const;
    [[nodiscard]] static bool may_still_work(Endpoint& endpoint, TimePoint now);

    BackendId id_;
    BackendConfig config_;
    http::HeadEdits edits_;
    http::HeadEdits check_edits_;
    std::vector<std::shared_ptr<Endpoint>> endpoints_;
    double heaviest_ = 1;  // of their weights
    std::mutex ejecting_;  // so that two at the same instant do not both count as the first
    std::atomic<bool> panic_{false};
    std::atomic<Duration::rep> compared_at_{0};  // first tokens
    OnIntake on_intake_;
    OnContext on_context_;
    OnGauges on_gauges_;
};

}  // namespace weir::upstream
