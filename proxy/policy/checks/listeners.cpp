// Listeners, the admin listener, and the keys and certificates that callers present.
#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "policy/checks/check.hpp"

namespace weir::policy {
namespace {

bool is_loopback(const net::BindAddress& bind) {
    if (!bind.unix_path.empty()) return true;
    const auto address = IpAddress::parse(bind.host);
    if (!address) return false;
    return address->is_v4() ? address->bytes[12] == 127 : *address == IpAddress::parse("::1");
}

void check_binds(const Checked& c) {
    std::vector<std::pair<net::BindAddress, const Mark*>> seen;
    const auto taken = [&](const net::BindAddress& bind) {
        const auto found =
            std::find_if(seen.begin(), seen.end(), [&](const auto& other) { return other.first == bind; });
        return found == seen.end() ? nullptr : found->second;
    };
    const auto add = [&](const net::BindAddress& bind, const Mark& mark) {
        if (bind.unix_path.empty() && bind.port == 0) return;
        if (const Mark* first = taken(bind)) {
            c.refuse(mark, "duplicate-bind", fmt::format("this address is already taken on line {}", first->line));
        } else {
            seen.emplace_back(bind, &mark);
        }
    };
    for (std::size_t i = 0; i < c.policy.listeners.size(); ++i) {
        const Node* bind = c.root.items_of("listeners")[i].find("bind");
        if (bind != nullptr && !bind->broken) add(c.policy.listeners[i].bind, bind->mark);
    }
    const Node* admin = c.root.find("admin");
    if (admin != nullptr && admin->broken) return;
    if (const Node* bind = c.root.find("admin.bind")) {
        add(c.policy.admin.bind, bind->mark);
    } else if (const Mark* first = taken(c.policy.admin.bind)) {
        c.refuse(*first, "duplicate-bind", "the admin listener uses this address unless 'admin.bind' names another");
    }
}

void check_admin(const Checked& c) {
    const Node* admin = c.root.find("admin");
    if (admin == nullptr || admin->broken || c.policy.admin.token || is_loopback(c.policy.admin.bind)) return;
    c.refuse(admin->mark_at("bind"), "admin-exposed", "the admin listener is open to other machines without a token",
             "set admin.token, or bind it to 127.0.0.1 or a unix socket");
}

void check_tls(const Checked& c, const net::ServerTlsConfig& tls, const Node& node) {
    const bool one = !tls.cert_file.empty() || !tls.key_file.empty();
    const bool whole = !tls.cert_file.empty() && !tls.key_file.empty();
    if (one ? !whole || !tls.certificates.empty() : tls.certificates.empty()) {
        c.refuse(node.mark, "which-certificate", "tls needs cert_file and key_file, or certificates",
                 "write cert_file and key_file where there is one certificate, a list of both where there are more");
    }
    if (tls.certificates.size() > kMaxCertificates) {
        c.refuse(node.mark_at("certificates"), "too-many-certificates",
                 fmt::format("a listener may have at most {} certificates", kMaxCertificates));
    }
    if (const Node* need = node.find("client_certificate"); need != nullptr && !tls.client_ca_file) {
        c.refuse(need->mark, "no-client-authorities", "client_certificate has no effect without client_ca_file");
    }
}

// Only written values: the defaults are ceilings that few reach.
void check_connections(const Checked& c, const downstream::ListenerConfig& listener, const Node& node) {
    const Node* whole = c.root.find("limits.connections");
    const Node* own = node.find("limits.connections");
    if (whole == nullptr || whole->broken || own == nullptr || own->broken) return;
    if (listener.limits.connections <= c.policy.limits.connections) return;
    c.refuse(own->mark, "limit-above-parent",
             fmt::format("listener '{}' may have {} connections, but all of them together {}", listener.name,
                         listener.limits.connections, c.policy.limits.connections));
}

// The node of the n-th API key, in whichever file it is.
const Node& key_node(const Checked& c, std::size_t index) {
    return index < c.inline_keys ? c.root.items_of("clients.api_keys")[index]
                                 : c.keys->items_of("keys")[index - c.inline_keys];
}

void check_keys(const Checked& c) {
    const auto& keys = c.policy.clients.api_keys;
    for (std::size_t i = 0; i < keys.size(); ++i) {
        const Node& node = key_node(c, i);
        for (std::size_t j = 0; j < i && !node.broken; ++j) {
            if (key_node(c, j).broken) continue;
            if (keys[j].name == keys[i].name) {
                c.refuse(node.mark_at("name"), "duplicate-name",
                         fmt::format("two api keys are called '{}'", keys[i].name));
            } else if (keys[j].digest == keys[i].digest) {
                c.refuse(node.mark_at("sha256"), "duplicate-key-digest",
                         fmt::format("'{}' and '{}' are the same key", keys[j].name, keys[i].name));
            }
        }
    }
}

void check_certificates(const Checked& c) {
    const Node* list = c.root.find("clients.certificates");
    if (list == nullptr || list->broken || list->items.empty()) return;
    check_names(c, list->items, "certificates");
    const auto& certificates = c.policy.clients.certificates;
    for (std::size_t i = 0; i < certificates.size(); ++i) {
        for (std::size_t j = 0; j < i; ++j) {
            const admission::Certificate& one = certificates[i];
            const admission::Certificate& other = certificates[j];
            const bool differ = !one.issuer.empty() && !other.issuer.empty() && one.issuer != other.issuer;
            if (one.subject != other.subject || differ) continue;
            c.refuse(list->items[i].mark_at("subject"), "duplicate-subject",
                     fmt::format("'{}' and '{}' have the same subject", other.name, one.name));
        }
    }
    const bool asked_for = std::any_of(c.policy.listeners.begin(), c.policy.listeners.end(), [](const auto& listener) {
        return listener.tls && listener.tls->client_ca_file;
    });
    if (asked_for) return;
    c.warn(list->mark, "certificates-never-shown", "no listener asks its clients for a certificate",
           "set tls.client_ca_file on the listener that they connect to");
}

}  // namespace

void check_listeners(const Checked& c) {
    check_binds(c);
    check_admin(c);
    for (std::size_t i = 0; i < c.policy.listeners.size(); ++i) {
        const downstream::ListenerConfig& listener = c.policy.listeners[i];
        const Node& node = c.root.items_of("listeners")[i];
        const Node* tls = node.find("tls");
        if (listener.tls && tls != nullptr && !tls->broken) check_tls(c, *listener.tls, *tls);
        check_connections(c, listener, node);
    }
}

void check_clients(const Checked& c) {
    check_keys(c);
    check_certificates(c);
}

}  // namespace weir::policy
