#pragma once
// A pool of endpoints that serve the same thing. It knows which of them are available; the judge chooses which of those
// takes a request.
//
// A reload creates a new backend, which shares the endpoints that remain with the old one, including their health.
//
// Threading: any thread.

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "http/head_edits.hpp"
#include "upstream/endpoint.hpp"

namespace weir::upstream {

class Backend {
public:
    // Called outside any lock whenever an endpoint becomes available or unavailable.
    using OnAvailability = std::function<void(EndpointId, bool available)>;
    // Called with the size of an engine's KV cache, as the engine reports it, in LLM tokens.
    using OnContext = std::function<void(EndpointId, std::uint64_t tokens)>;

    Backend(BackendId id, BackendConfig config, std::vector<std::shared_ptr<Endpoint>> endpoints,
            OnAvailability on_availability, OnContext on_context = {});

    [[nodiscard]] BackendId id() const { return id_; }
    [[nodiscard]] const BackendConfig& config() const { return config_; }
    [[nodiscard]] std::span<const std::shared_ptr<Endpoint>> endpoints() const { return endpoints_; }
    // Whether requests to the endpoint differ from what the client sent in more than their Host field.
    [[nodiscard]] bool edits_heads(const Endpoint& endpoint) const {
        return !edits_.empty() || !endpoint.config().path.empty();
    }
    // What is edited in requests to any endpoint; the path of the endpoint's own URL comes on top.
    [[nodiscard]] const http::HeadEdits& edits() const { return edits_; }
    // The value of the Host field.
    [[nodiscard]] const std::string& host_of(const Endpoint& endpoint) const {
        return config_.host.empty() ? endpoint.authority() : config_.host;
    }
    // Null when there is no endpoint with that id.
    [[nodiscard]] Endpoint* find(EndpointId id) const;
    [[nodiscard]] static bool available(const Endpoint& endpoint);
    // Whether any endpoint is available, other than `except`.
    [[nodiscard]] bool any_available(EndpointId except = kNoEndpoint) const;

    // The outcome of a request. A success costs nothing unless the endpoint has failed lately.
    void request_succeeded(Endpoint& endpoint, TimePoint now);
    void request_failed(Endpoint& endpoint, TimePoint now);
    // No answer in time, or an answer that stopped. `since`: from then on only the endpoint could cause the delay;
    // later than `now`: it did not cause it.
    void request_timed_out(Endpoint& endpoint, TimePoint since, TimePoint now);
    void probed(Endpoint& endpoint, bool success);
    // Its name was looked up; empty: it has no address. The last ones known stay.
    void located(Endpoint& endpoint, std::vector<net::SocketAddress> addresses);
    void report_context(const Endpoint& endpoint, std::uint64_t tokens) const;
    // Ends the ejections that are due. Call it a few times a second.
    void tick(TimePoint now);

private:
    void count_failure(Endpoint& endpoint, TimePoint now);
    template <typename Change>
    void change(Endpoint& endpoint, Change apply);
    [[nodiscard]] std::size_t available_count() const;

    BackendId id_;
    BackendConfig config_;
    http::HeadEdits edits_;
    std::vector<std::shared_ptr<Endpoint>> endpoints_;
    OnAvailability on_availability_;
    OnContext on_context_;
};

}  // namespace weir::upstream
