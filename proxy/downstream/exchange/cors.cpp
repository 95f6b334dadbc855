#include "downstream/exchange/cors.hpp"

#include <algorithm>
#include <chrono>

namespace weir::downstream {
namespace {

// The fields that pages may read besides the few that they always may.
constexpr std::string_view kExposed =
    "Access-Control-Expose-Headers: Retry-After, Retry-After-Ms, X-Should-Retry, X-Request-Id, Request-Id, "
    "X-Weir-Class, "
    "X-Weir-Decision, X-Weir-Degraded, X-Weir-Service-Tier, X-RateLimit-Limit-Requests, "
    "X-RateLimit-Remaining-Requests, "
    "X-RateLimit-Reset-Requests, X-RateLimit-Limit-Tokens, X-RateLimit-Remaining-Tokens, X-RateLimit-Reset-Tokens, "
    "Anthropic-RateLimit-Requests-Limit, Anthropic-RateLimit-Requests-Remaining, Anthropic-RateLimit-Requests-Reset, "
    "Anthropic-RateLimit-Tokens-Limit, Anthropic-RateLimit-Tokens-Remaining, Anthropic-RateLimit-Tokens-Reset\r\n";

constexpr std::string_view kAny = "*";

bool allows_any(const CorsConfig& config) {
    return std::find(config.origins.begin(), config.origins.end(), kAny) != config.origins.end();
}

// The allowed origin to name: one from the list, or all; empty: none.
std::string_view allowed(const CorsConfig& config, const http::FieldTable& fields) {
    if (allows_any(config)) return kAny;
    const http::Field* origin = fields.find_single("origin");
    if (origin == nullptr) return {};
    // Origins are compared as written (RFC 6454 section 6.2): browsers write them in one form.
    const auto found = std::find(config.origins.begin(), config.origins.end(), origin->value);
    return found == config.origins.end() ? std::string_view{} : std::string_view(*found);
}

void add(std::string& out, std::string_view name, std::string_view value) {
    out.append(name).append(": ").append(value).append("\r\n");
}

}  // namespace

bool is_preflight(const http::RequestHead& head) {
    return head.method == "OPTIONS" && head.fields.find_single("origin") != nullptr &&
           head.fields.find_single("access-control-request-method") != nullptr;
}

std::string cors_fields(const CorsConfig& config, const http::FieldTable& fields) {
    std::string out;
    if (!allows_any(config)) add(out, "Vary", "Origin");
    const std::string_view origin = allowed(config, fields);
    if (origin.empty()) return out;
    add(out, "Access-Control-Allow-Origin", origin);
    return out.append(kExposed);
}

std::string preflight_fields(const CorsConfig& config, const http::FieldTable& fields) {
    std::string out;
    add(out, "Vary", "Origin, Access-Control-Request-Method, Access-Control-Request-Headers");
    const std::string_view origin = allowed(config, fields);
    if (origin.empty()) return out;
    add(out, "Access-Control-Allow-Origin", origin);
    add(out, "Access-Control-Allow-Methods", fields.find_single("access-control-request-method")->value);
    // `*` would not cover Authorization.
    if (const http::Field* asked = fields.find_single("access-control-request-headers")) {
        add(out, "Access-Control-Allow-Headers", asked->value);
    }
    add(out, "Access-Control-Max-Age",
        std::to_string(std::chrono::duration_cast<std::chrono::seconds>(config.max_age).count()));
    return out;
}

}  // namespace weir::downstream
