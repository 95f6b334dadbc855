#include "upstream/backend.hpp"

#include <algorithm>
#include <array>

#include "http/query.hpp"
#include "http/websocket.hpp"

namespace weir::upstream {
namespace {

// Where clients show a key: the APIs of OpenAI, Anthropic, Azure and Google, and the gateways in front of them.
constexpr std::array kCredentialMembers{"key",          "api_key", "api-key",         "apikey",
                                        "access_token", "token",   "subscription-key"};  // of the query
constexpr std::array kCredentialFields{"authorization",  "x-api-key", "api-key",
                                       "x-goog-api-key", "apikey",    "ocp-apim-subscription-key"};
// Browsers, whose WebSockets can send no other field, show a key to OpenAI's Realtime API as a subprotocol.
constexpr std::string_view kCredentialProtocol = "openai-insecure-api-key.";

bool hides_client_keys(const BackendConfig& config) {
    return config.credentials || config.client_credentials == ClientCredentials::none;
}

http::HeadEdits edits_of(const BackendConfig& config) {
    http::HeadEdits edits;
    if (hides_client_keys(config)) {
        for (const char* name : kCredentialFields) edits.remove_field(name);
        for (const char* name : kCredentialMembers) edits.remove_query(name);
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

http::HeadEdits check_edits_of(BackendConfig config) {
    if (!config.health) return {};
    const HealthConfig health = std::move(*config.health);
    if (health.anonymous) config.credentials.reset();
    if (health.auth) config.credentials = health.auth;
    http::HeadEdits edits = edits_of(config);
    for (const auto& [name, value] : health.fields) edits.set_field(name, value);
    return edits;
}

}  // namespace

Backend::Backend(BackendId id, BackendConfig config, std::vector<std::shared_ptr<Endpoint>> endpoints,
                 OnIntake on_intake, OnContext on_context, OnGauges on_gauges)
    : id_(id),
      config_(std::move(config)),
      edits_(edits_of(config_)),
      check_edits_(check_edits_of(config_)),
      endpoints_(std::move(endpoints)),
      on_intake_(std::move(on_intake)),
      on_context_(std::move(on_context)),
      on_gauges_(std::move(on_gauges)) {
    for (const auto& endpoint : endpoints_)
        heaviest_ = std::max(heaviest_, static_cast<double>(endpoint->config().weight));
}

void Backend::edit_handshake(std::string& head) const {
    if (hides_client_keys(config_)) http::remove_protocols(kCredentialProtocol, head);
    http::rename_in_query("model", config_.models, head);
}

void Backend::report_context(const Endpoint& endpoint, std::uint64_t tokens) const {
    if (on_context_) on_context_(endpoint.id(), tokens);
}

LimitsShown Backend::report_gauges(const Endpoint& endpoint, const EngineGauges& gauges) const {
    return on_gauges_ ? on_gauges_(endpoint.id(), gauges) : LimitsShown{};
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

}  // namespace weir::upstream
