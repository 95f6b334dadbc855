// What a backend is shown: whose keys leave, and over what.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "base/ascii.hpp"
#include "base/ip.hpp"
#include "policy/checks/check.hpp"

namespace weir::policy {
namespace {

using namespace std::string_view_literals;
using upstream::BackendConfig;
using upstream::ClientCredentials;
using upstream::EndpointConfig;

// RFC 1918, RFC 6598, RFC 4193, link-local and loopback addresses.
constexpr std::array kPrivateNetworks{"127.0.0.0/8"sv,    "10.0.0.0/8"sv,     "172.16.0.0/12"sv,
                                      "192.168.0.0/16"sv, "169.254.0.0/16"sv, "100.64.0.0/10"sv,
                                      "::1/128"sv,        "fc00::/7"sv,       "fe80::/10"sv};
// RFC 6761, RFC 6762, RFC 8375, .internal as ICANN reserved it, and names that Kubernetes gives.
constexpr std::array kPrivateSuffixes{".localhost"sv, ".local"sv, ".internal"sv, ".home.arpa"sv, ".test"sv,
                                      ".svc"sv,       ".lan"sv,   ".intranet"sv, ".corp"sv,      ".private"sv};
// Fields that say how a message is framed, for whom it is and by which way it came: Weir's own.
constexpr std::array kReserved{"host"sv,
                               "content-length"sv,
                               "transfer-encoding"sv,
                               "content-encoding"sv,
                               "connection"sv,
                               "keep-alive"sv,
                               "proxy-connection"sv,
                               "te"sv,
                               "trailer"sv,
                               "upgrade"sv,
                               "expect"sv,
                               "via"sv};

bool is_private(const std::string& host) {
    if (const auto address = IpAddress::parse(host)) {
        return std::any_of(kPrivateNetworks.begin(), kPrivateNetworks.end(),
                           [&](std::string_view network) { return IpNetwork::parse(network)->contains(*address); });
    }
    const bool plain = host.find('.') == std::string::npos;
    return plain || std::any_of(kPrivateSuffixes.begin(), kPrivateSuffixes.end(),
                                [&](std::string_view suffix) { return host.ends_with(suffix); });
}

void check_reserved(const Checked& c, std::string_view name, const Mark& mark) {
    if (std::find(kReserved.begin(), kReserved.end(), name) == kReserved.end()) return;
    c.refuse(mark, "reserved-header", fmt::format("'{}' cannot be changed: Weir writes it itself", name),
             name == "host" ? "set `host` of the backend" : "");
}

void check_fields(const Checked& c, const BackendConfig& backend, const Node& node) {
    for (const auto& [name, value] : backend.fields.set) check_reserved(c, name, node.mark_at("headers.set"));
    for (const std::string& name : backend.fields.remove) check_reserved(c, name, node.mark_at("headers.remove"));
    if (!backend.credentials) return;
    for (const auto& [name, value] : backend.credentials->fields) check_reserved(c, name, node.mark_at("auth.header"));
}

// The names of the fields that credentials set, a name for each.
std::vector<std::string_view> fields_of(const upstream::CredentialsConfig& credentials) {
    std::vector<std::string_view> names;
    if (!credentials.bearer.empty()) names.emplace_back("authorization");
    if (!credentials.api_key.empty()) names.emplace_back("x-api-key");
    for (const auto& [name, value] : credentials.fields) names.emplace_back(name);
    return names;
}

// Each field is sent once.
void check_twice(const Checked& c, const upstream::NamedTexts& set, const upstream::CredentialsConfig& auth,
                 const Mark& mark) {
    std::vector<std::string_view> names = fields_of(auth);
    for (const auto& [name, value] : set) names.emplace_back(name);
    for (auto name = names.begin(); name != names.end(); ++name) {
        const auto same = [&](std::string_view other) { return equals_ignoring_case(*name, other); };
        if (std::none_of(names.begin(), name, same)) continue;
        c.warn(mark, "header-set-twice", fmt::format("'{}' is set twice, and sent once", *name), "set it in one place");
    }
}

}  // namespace

void check_credentials(const Checked& c, const BackendConfig& backend, const Node& node) {
    check_fields(c, backend, node);
    if (backend.credentials) check_twice(c, backend.fields.set, *backend.credentials, node.mark_at("auth"));
    if (backend.health && backend.health->auth) {
        check_twice(c, backend.health->fields, *backend.health->auth, node.mark_at("health.auth"));
    }
    const auto outside = std::find_if(backend.endpoints.begin(), backend.endpoints.end(),
                                      [](const EndpointConfig& endpoint) { return !is_private(endpoint.host); });
    if (outside == backend.endpoints.end()) return;
    const bool passes = !backend.credentials && backend.client_credentials == ClientCredentials::unsaid;
    if (passes && !c.policy.clients.api_keys.empty()) {
        c.warn(node.mark_at("endpoints"), "client-keys-leave",
               fmt::format("the API keys of your clients are sent on to {}, which is outside private networks",
                           outside->host),
               "set `auth` to credentials of this backend, to `none`, or to `pass` if that is meant");
    }
    if (backend.credentials && !outside->tls) {
        c.warn(node.mark_at("auth"), "credentials-in-clear",
               fmt::format("credentials are sent to {} without TLS", outside->host), "use https://");
    }
}

}  // namespace weir::policy
