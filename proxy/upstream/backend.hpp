#pragma once
// A pool of endpoints that serve the same thing. It knows which of them are fit; which of the fit ones takes a request
// is the judge's choice.
//
// A reload makes a new one that shares the endpoints it still has with the old one, health and all.
//
// Threading: any thread.

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "upstream/endpoint.hpp"

namespace weir::upstream {

class Backend {
public:
    // Told outside any lock whenever an endpoint becomes fit or unfit.
    using OnAvailability = std::function<void(EndpointId, bool available)>;
    // Told what an engine says of its KV cache, in LLM tokens.
    using OnContext = std::function<void(EndpointId, std::uint64_t tokens)>;

    Backend(BackendId id, BackendConfig config, std::vector<std::shared_ptr<Endpoint>> endpoints,
            OnAvailability on_availability, OnContext on_context = {});

    [[nodiscard]] BackendId id() const { return id_; }
    [[nodiscard]] const BackendConfig& config() const { return config_; }
    [[nodiscard]] std::span<const std::shared_ptr<Endpoint>> endpoints() const { return endpoints_; }
    // Null when there is none with that id.
    [[nodiscard]] Endpoint* find(EndpointId id) const;
    [[nodiscard]] static bool available(const Endpoint& endpoint);

    // What became of a request. A success is free unless the endpoint has failed lately.
    void request_succeeded(Endpoint& endpoint, TimePoint now);
    void request_failed(Endpoint& endpoint, TimePoint now);
    // No answer in time, or no more of one. `since`: from then on only the endpoint could have made a
    // difference; later than `now`: it could not.
    void request_timed_out(Endpoint& endpoint, TimePoint since, TimePoint now);
    void probed(Endpoint& endpoint, bool success);
    void told_context(const Endpoint& endpoint, std::uint64_t tokens) const;
    // Ends ejections whose time is over. Call it a few times a second.
    void tick(TimePoint now);

private:
    void count_failure(Endpoint& endpoint, TimePoint now);
    template <typename Change>
    void change(Endpoint& endpoint, Change apply);
    [[nodiscard]] std::size_t available_count() const;

    BackendId id_;
    BackendConfig config_;
    std::vector<std::shared_ptr<Endpoint>> endpoints_;
    OnAvailability on_availability_;
    OnContext on_context_;
};

}  // namespace weir::upstream
