#include "upstream/backend.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>

namespace weir::upstream {
namespace {

// Fields in which clients show a key: the APIs of OpenAI, Anthropic, Azure and Google.
constexpr std::array kCredentialFields{"authorization", "x-api-key", "api-key", "x-goog-api-key"};

http::HeadEdits edits_of(const BackendConfig& config) {
    http::HeadEdits edits;
    if (config.credentials || config.client_credentials == ClientCredentials::none) {
        for (const char* name : kCredentialFields) edits.remove_field(name);
    }
    for (const std::string& name : config.fields.remove) edits.remove_field(name);
    for (const auto& [name, value] : config.fields.set) edits.set_field(name, value);
    if (config.credentials) {
        const CredentialsConfig& own = *config.credentials;
        if (!own.bearer.empty()) edits.set_field("authorization", "Bearer " + own.bearer);
        if (!own.api_key.empty()) edits.set_field("x-api-key", own.api_key);
        for (const auto& [name, value] : own.fields) edits.set_field(name, value);
    }
    for (const auto& [name, value] : config.query) edits.set_query(name, value);
    return edits;
}

}  // namespace

Backend::Backend(BackendId id, BackendConfig config, std::vector<std::shared_ptr<Endpoint>> endpoints,
                 OnAvailability on_availability, OnContext on_context)
    : id_(id),
      config_(std::move(config)),
      edits_(edits_of(config_)),
      endpoints_(std::move(endpoints)),
      on_availability_(std::move(on_availability)),
      on_context_(std::move(on_context)) {}

void Backend::report_context(const Endpoint& endpoint, std::uint64_t tokens) const {
    if (on_context_) on_context_(endpoint.id(), tokens);
}

Endpoint* Backend::find(EndpointId id) const {
    const auto found =
        std::find_if(endpoints_.begin(), endpoints_.end(), [id](const auto& e) { return e->id() == id; });
    return found == endpoints_.end() ? nullptr : found->get();
}

bool Backend::available(const Endpoint& endpoint) { return endpoint.available_.load(std::memory_order_relaxed); }

bool Backend::any_available(EndpointId except) const {
    return std::any_of(endpoints_.begin(), endpoints_.end(),
                       [except](const auto& e) { return e->id() != except && available(*e); });
}

std::size_t Backend::available_count() const {
    return static_cast<std::size_t>(
        std::count_if(endpoints_.begin(), endpoints_.end(), [](const auto& e) { return available(*e); }));
}

template <typename Change>
void Backend::change(Endpoint& endpoint, Change apply) {
    bool before = false;
    bool after = false;
    std::string why;
    {
        const std::lock_guard lock(endpoint.mutex_);
        before = endpoint.health_.available();
        apply(endpoint.health_);
        after = endpoint.health_.available();
        endpoint.available_.store(after, std::memory_order_relaxed);
        endpoint.failing_.store(endpoint.health_.failures() > 0, std::memory_order_relaxed);
        if (before && !after) {
            endpoint.epoch_.fetch_add(1, std::memory_order_relaxed);
            // It was reached and is down all the same: its answers were failures.
            const bool reached = endpoint.fault_.reason == DownReason::none;
            endpoint.why_down_ = reached ? WhyDown{DownReason::requests} : endpoint.fault_;
            why = endpoint.why_down_.text();
        }
    }
    if (before == after) return;
    if (after) {
        spdlog::info("backend {}: endpoint {} is up", config_.name, endpoint.config().url);
    } else {
        spdlog::warn("backend {}: endpoint {} is down: {}", config_.name, endpoint.config().url, why);
    }
    on_availability_(endpoint.id(), after);
}

void Backend::request_succeeded(Endpoint& endpoint, TimePoint now) {
    endpoint.heard_at_.store(now.time_since_epoch().count(), std::memory_order_relaxed);
    endpoint.counters.succeeded.fetch_add(1, std::memory_order_relaxed);
    if (!endpoint.failing_.load(std::memory_order_relaxed)) return;
    change(endpoint, [](HealthState& health) { health.request_succeeded(); });
}

void Backend::request_timed_out(Endpoint& endpoint, TimePoint since, TimePoint now) {
    endpoint.counters.failed.fetch_add(1, std::memory_order_relaxed);
    // Then the requests ask for long answers, or prompts wait in the endpoint's queue.
    if (since > now || endpoint.heard_at() >= since) return;
    bool counts = false;
    change(endpoint, [&](HealthState& health) { counts = health.timed_out(since, now); });
    if (counts) count_failure(endpoint, now);
}

void Backend::request_failed(Endpoint& endpoint, TimePoint now) {
    endpoint.counters.failed.fetch_add(1, std::memory_order_relaxed);
    count_failure(endpoint, now);
}

void Backend::count_failure(Endpoint& endpoint, TimePoint now) {
    // Two endpoints that fail at the same instant may both be ejected; probes or time bring them back.
    const bool is_last = available(endpoint) && available_count() <= 1;
    change(endpoint, [&](HealthState& health) {
        if (health.request_failed(config_.ejection, !is_last, now)) {
            endpoint.counters.ejections.fetch_add(1, std::memory_order_relaxed);
        }
    });
}

void Backend::probed(Endpoint& endpoint, bool success) {
    if (!success) endpoint.counters.probe_failures.fetch_add(1, std::memory_order_relaxed);
    change(endpoint, [&](HealthState& health) { health.probed(success, config_.health.value_or(HealthConfig{})); });
}

void Backend::located(Endpoint& endpoint, std::vector<net::SocketAddress> addresses) {
    if (addresses.empty()) endpoint.note_fault({DownReason::no_address});
    endpoint.set_addresses(std::move(addresses));
    const bool has_address = !endpoint.addresses().empty();
    change(endpoint, [&](HealthState& health) { health.located(has_address); });
}

void Backend::tick(TimePoint now) {
    for (const auto& endpoint : endpoints_) {
        change(*endpoint, [&](HealthState& health) {
            health.tick(now);
            // A reload may have removed the probes that would find it up again.
            if (!config_.health) health.forget_probes();
        });
    }
}

}  // namespace weir::upstream
