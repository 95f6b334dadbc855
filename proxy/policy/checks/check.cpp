#include "policy/checks/check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "policy/forms/suggest.hpp"

namespace weir::policy {
namespace {

bool is_loopback(const net::BindAddress& bind) {
    if (!bind.unix_path.empty()) return true;
    const auto address = IpAddress::parse(bind.host);
    if (!address) return false;
    return address->is_v4() ? address->bytes[12] == 127 : *address == IpAddress::parse("::1");
}

class Checker {
public:
    Checker(const Checked& checked, Diagnostics& diagnostics)
        : policy_(checked.policy), root_(checked.root), checked_(checked), diagnostics_(diagnostics) {}

    void run() {
        need_items("listeners", "no-listeners", "nothing is listened to");
        need_items("backends", "no-backends", "there is nowhere to send requests");
        need_items("classes", "no-classes", "every request needs a class");
        check_counts();
        check_names();
        check_binds();
        check_admin();
        check_keys();
        check_listeners();
        check_certificates();
        check_backends();
        check_references();
        check_degrade();
        check_tests();
        check_connections();
    }

private:
    void refuse(const Mark& mark, std::string id, std::string message, std::string suggestion = {},
                std::string help = {}) {
        diagnostics_.push_back(
            {Severity::error, mark, std::move(id), std::move(message), std::move(suggestion), std::move(help)});
    }

    void warn(const Mark& mark, std::string id, std::string message, std::string help = {}) {
        diagnostics_.push_back({Severity::warning, mark, std::move(id), std::move(message), {}, std::move(help)});
    }

    void need_items(std::string_view key, std::string id, std::string_view why) {
        const Node* list = root_.find(key);
        if (list == nullptr || list->broken || !list->items.empty()) return;
        refuse(list->mark, std::move(id), fmt::format("'{}' is empty: {}", key, why));
    }

    void at_most(std::string_view key, std::string id, std::size_t most, std::string_view what) {
        if (items_of(root_, key).size() <= most) return;
        refuse(root_.find(key)->mark, std::move(id), fmt::format("there may be at most {} {}", most, what));
    }

    void check_counts() {
        at_most("listeners", "too-many-listeners", kMostListeners, "listeners");
        at_most("classes", "too-many-classes", kMostClasses, "classes");
        at_most("backends", "too-many-backends", kMostBackends, "backends");
        std::size_t endpoints = 0;
        for (const upstream::BackendConfig& backend : policy_.backends) endpoints += backend.endpoints.size();
        if (endpoints <= kMostEndpoints) return;
        refuse(root_.find("backends")->mark, "too-many-endpoints",
               fmt::format("there may be at most {} endpoints in all; these are {}", kMostEndpoints, endpoints));
    }

    // Names must be unique in their list. `what` as in "two classes are called ...".
    void unique(std::span<const Node> items, std::string_view what) {
        std::map<std::string, const Node*> seen;
        for (const Node& item : items) {
            const Node* name = item.find("name");
            if (name == nullptr || name->kind != Node::Kind::scalar || name->broken) continue;
            const auto [first, fresh] = seen.emplace(name->text, name);
            if (fresh) continue;
            refuse(name->mark, "duplicate-name",
                   fmt::format("two {} are called '{}'; the first is in line {}", what, name->text,
                               first->second->mark.line));
        }
    }

    void check_names() {
        unique(items_of(root_, "listeners"), "listeners");
        unique(items_of(root_, "backends"), "backends");
        unique(items_of(root_, "classes"), "classes");
        unique(items_of(root_, "degrade"), "degrade rules");
        unique(items_of(root_, "tests"), "tests");
    }

    void check_binds() {
        const auto nodes = items_of(root_, "listeners");
        std::vector<std::pair<net::BindAddress, const Mark*>> seen;
        const auto add = [&](const net::BindAddress& bind, const Mark& mark) {
            if (bind.unix_path.empty() && bind.port == 0) return;
            for (const auto& [other, place] : seen) {
                if (other != bind) continue;
                refuse(mark, "duplicate-bind", fmt::format("this address is already taken in line {}", place->line));
                return;
            }
            seen.emplace_back(bind, &mark);
        };
        for (std::size_t i = 0; i < policy_.listeners.size(); ++i) {
            const Node* bind = nodes[i].find("bind");
            if (bind != nullptr && !bind->broken) add(policy_.listeners[i].bind, bind->mark);
        }
        const Node* admin = root_.find("admin");
        if (admin != nullptr && admin->broken) return;
        if (value_at(root_, "admin.bind") != nullptr) return add(policy_.admin.bind, mark_at(root_, "admin.bind"));
        for (const auto& [other, place] : seen) {
            if (other != policy_.admin.bind) continue;
            refuse(*place, "duplicate-bind",
                   "the admin door listens at this address unless 'admin.bind' names another");
        }
    }

    void check_admin() {
        const Node* admin = root_.find("admin");
        if (admin == nullptr || admin->broken || policy_.admin.token || is_loopback(policy_.admin.bind)) return;
        refuse(mark_at(*admin, "bind"), "admin-exposed", "the admin door is open to other machines without a token", {},
               "set admin.token, or bind it to 127.0.0.1 or a unix socket");
    }

    // The node of the n-th api key, in whichever file it stands.
    const Node& key_node(std::size_t index) const {
        const std::size_t inlined = checked_.inline_keys;
        return index < inlined ? value_at(root_, "clients.api_keys")->items[index]
                               : checked_.keys->find("keys")->items[index - inlined];
    }

    void check_keys() {
        const auto& keys = policy_.clients.api_keys;
        for (std::size_t i = 0; i < keys.size(); ++i) {
            const Node& node = key_node(i);
            if (node.broken) continue;
            for (std::size_t j = 0; j < i; ++j) {
                if (key_node(j).broken) continue;
                if (keys[j].name == keys[i].name) {
                    refuse(mark_at(node, "name"), "duplicate-name",
                           fmt::format("two api keys are called '{}'", keys[i].name));
                } else if (keys[j].digest == keys[i].digest) {
                    refuse(mark_at(node, "sha256"), "duplicate-key-digest",
                           fmt::format("'{}' and '{}' are the same key", keys[j].name, keys[i].name));
                }
            }
        }
    }

    void check_listeners() {
        const auto nodes = items_of(root_, "listeners");
        for (std::size_t i = 0; i < policy_.listeners.size(); ++i) {
            const Node* node = nodes[i].find("tls");
            if (!policy_.listeners[i].tls || node == nullptr || node->broken) continue;
            const net::ServerTlsConfig& tls = *policy_.listeners[i].tls;
            const bool one = !tls.cert_file.empty() || !tls.key_file.empty();
            const bool whole = !tls.cert_file.empty() && !tls.key_file.empty();
            if (one ? !whole || !tls.certificates.empty() : tls.certificates.empty()) {
                refuse(
                    node->mark, "which-certificate", "tls needs cert_file and key_file, or certificates", {},
                    "write cert_file and key_file where there is one certificate, a list of both where there are more");
            }
            if (tls.certificates.size() > kMostCertificates) {
                refuse(mark_at(*node, "certificates"), "too-many-certificates",
                       fmt::format("a listener may have at most {} certificates", kMostCertificates));
            }
            if (const Node* need = node->find("client_certificate"); need != nullptr && !tls.client_ca_file) {
                refuse(need->mark, "no-client-authorities", "client_certificate means nothing without client_ca_file");
            }
        }
    }

    void check_certificates() {
        const Node* list = value_at(root_, "clients.certificates");
        if (list == nullptr || list->broken || list->items.empty()) return;
        unique(list->items, "certificates");
        for (std::size_t i = 0; i < policy_.clients.certificates.size(); ++i) {
            for (std::size_t j = 0; j < i; ++j) {
                const admission::Certificate& one = policy_.clients.certificates[i];
                const admission::Certificate& other = policy_.clients.certificates[j];
                const bool told_apart = !one.issuer.empty() && !other.issuer.empty() && one.issuer != other.issuer;
                if (one.subject != other.subject || told_apart) continue;
                refuse(mark_at(list->items[i], "subject"), "duplicate-subject",
                       fmt::format("'{}' and '{}' have the same subject", policy_.clients.certificates[j].name,
                                   policy_.clients.certificates[i].name));
            }
        }
        const bool asked_for =
            std::any_of(policy_.listeners.begin(), policy_.listeners.end(),
                        [](const auto& listener) { return listener.tls && listener.tls->client_ca_file; });
        if (!asked_for) {
            warn(list->mark, "certificates-never-shown", "no listener asks its clients for a certificate",
                 "set tls.client_ca_file on the listener that they connect to");
        }
    }

    void check_backends() {
        const auto nodes = items_of(root_, "backends");
        for (std::size_t i = 0; i < policy_.backends.size(); ++i) {
            const upstream::BackendConfig& backend = policy_.backends[i];
            const Node& node = nodes[i];
            if (node.broken) continue;
            if (backend.health && backend.health->timeout >= backend.health->every) {
                refuse(mark_at(node, value_at(node, "health.timeout") != nullptr ? "health.timeout" : "health.every"),
                       "health-timeout", "a health check's 'timeout' must be shorter than its 'every'");
            }
            for (std::size_t j = 0; j < backend.endpoints.size(); ++j) {
                const auto same = [&](const upstream::EndpointConfig& other) {
                    return other.host == backend.endpoints[j].host && other.port == backend.endpoints[j].port;
                };
                const auto end = backend.endpoints.begin() + static_cast<std::ptrdiff_t>(j);
                if (std::none_of(backend.endpoints.begin(), end, same)) continue;
                refuse(items_of(node, "endpoints")[j].mark, "duplicate-endpoint",
                       fmt::format("backend '{}' lists this endpoint twice", backend.name));
            }
            check_used(backend, node);
        }
    }

    void check_used(const upstream::BackendConfig& backend, const Node& node) {
        const Node* classes = root_.find("classes");
        const auto names_it = [&](const auto& user) { return user.backend == backend.name; };
        const bool used = std::any_of(policy_.classes.begin(), policy_.classes.end(), names_it) ||
                          std::any_of(policy_.degrade.begin(), policy_.degrade.end(), names_it);
        if (used || classes == nullptr || classes->broken || has_unknown_backend()) return;
        warn(mark_at(node, "name"), "unused-backend", fmt::format("no class sends requests to '{}'", backend.name));
    }

    // A class with a misspelt backend may have meant any of them.
    bool has_unknown_backend() const {
        return std::any_of(policy_.classes.begin(), policy_.classes.end(), [this](const auto& c) {
            return std::none_of(policy_.backends.begin(), policy_.backends.end(),
                                [&](const auto& b) { return b.name == c.backend; });
        });
    }

    // `text` must be one of `names`; when one of those could not be read, nothing is known.
    void must_be_known(const Node& node, std::string_view what, std::string id, std::span<const std::string> names) {
        if (node.kind != Node::Kind::scalar || node.broken) return;
        for (const std::string& name : names) {
            if (name == node.text || name.empty()) return;
        }
        const std::string suggestion = closest(node.text, names);
        std::string help;
        if (suggestion.empty()) {
            help = names.empty() ? "there are none" : fmt::format("there are: {}", fmt::join(names, ", "));
        }
        refuse(node.mark, std::move(id), fmt::format("there is no {} '{}'", what, node.text), suggestion,
               std::move(help));
    }

    void must_be_known(const Node* node, std::string_view what, const std::string& id,
                       std::span<const std::string> names) {
        if (node == nullptr) return;
        // A list where none belongs has been refused as a whole.
        const auto refused = [](const Node& item) { return item.broken; };
        if (node->broken && std::none_of(node->items.begin(), node->items.end(), refused)) return;
        if (node->kind == Node::Kind::scalar) must_be_known(*node, what, id, names);
        for (const Node& item : node->items) must_be_known(item, what, id, names);
    }

    template <typename List, typename Member>
    static std::vector<std::string> names_of(const List& list, Member member) {
        std::vector<std::string> names;
        for (const auto& item : list) names.push_back(item.*member);
        return names;
    }

    std::vector<std::string> plans() const {
        std::vector<std::string> names;
        for (const admission::ApiKey& key : policy_.clients.api_keys) {
            if (!key.plan.empty()) names.push_back(key.plan);
        }
        for (const admission::Certificate& one : policy_.clients.certificates) {
            if (!one.plan.empty()) names.push_back(one.plan);
        }
        std::sort(names.begin(), names.end());
        names.erase(std::unique(names.begin(), names.end()), names.end());
        return names;
    }

    [[nodiscard]] bool keys_are_known() const {
        const Node* clients = root_.find("clients");
        return clients == nullptr || !clients->broken;
    }

    void check_references() {
        const auto backends = names_of(policy_.backends, &upstream::BackendConfig::name);
        const auto listeners = names_of(policy_.listeners, &downstream::ListenerConfig::name);
        const auto keys = names_of(policy_.clients.api_keys, &admission::ApiKey::name);
        const auto certificates = names_of(policy_.clients.certificates, &admission::Certificate::name);
        for (const Node& node : items_of(root_, "classes")) {
            must_be_known(node.find("backend"), "backend", "unknown-backend", backends);
            for (const std::string_view path : {"match", "match.not"}) {
                const Node* match = value_at(node, path);
                if (match == nullptr) continue;
                must_be_known(match->find("listener"), "listener", "unknown-listener", listeners);
                if (!keys_are_known()) continue;
                must_be_known(match->find("api_key"), "api key", "unknown-api-key", keys);
                must_be_known(match->find("certificate"), "certificate", "unknown-certificate", certificates);
                must_be_known(match->find("plan"), "plan", "unknown-plan", plans());
            }
        }
    }

    void check_degrade() {
        const auto classes = names_of(policy_.classes, &admission::ClassConfig::name);
        const auto backends = names_of(policy_.backends, &upstream::BackendConfig::name);
        const auto nodes = items_of(root_, "degrade");
        at_most("degrade", "too-many-rules", kMostRules, "degrade rules");
        for (const Node& node : nodes) {
            must_be_known(value_at(node, "when.class"), "class", "unknown-class", classes);
            must_be_known(value_at(node, "do.backend"), "backend", "unknown-backend", backends);
        }
    }

    void check_tests() {
        const auto classes = names_of(policy_.classes, &admission::ClassConfig::name);
        const auto listeners = names_of(policy_.listeners, &downstream::ListenerConfig::name);
        const auto keys = names_of(policy_.clients.api_keys, &admission::ApiKey::name);
        for (const Node& node : items_of(root_, "tests")) {
            must_be_known(value_at(node, "expect.class"), "class", "unknown-class", classes);
            must_be_known(value_at(node, "given.flood_of"), "class", "unknown-class", classes);
            must_be_known(value_at(node, "request.listener"), "listener", "unknown-listener", listeners);
            if (keys_are_known()) must_be_known(value_at(node, "request.api_key"), "api key", "unknown-api-key", keys);
            if (value_at(node, "given.line") == nullptr || value_at(node, "given.flood_of") == nullptr) continue;
            refuse(mark_at(node, "given"), "conflicting-keys", "'line' and 'flood_of' are two different situations");
        }
    }

    // Only what is written: the defaults are ceilings that few reach.
    void check_connections() {
        const auto nodes = items_of(root_, "listeners");
        const Node* whole = value_at(root_, "limits.connections");
        if (whole == nullptr || whole->broken) return;
        for (std::size_t i = 0; i < policy_.listeners.size(); ++i) {
            const Node* own = value_at(nodes[i], "limits.connections");
            if (own == nullptr || own->broken ||
                policy_.listeners[i].limits.connections <= policy_.limits.connections) {
                continue;
            }
            refuse(own->mark, "limit-above-parent",
                   fmt::format("listener '{}' may have {} connections, but all of them together {}",
                               policy_.listeners[i].name, policy_.listeners[i].limits.connections,
                               policy_.limits.connections));
        }
    }

    const Policy& policy_;
    const Node& root_;
    const Checked& checked_;
    Diagnostics& diagnostics_;
};

}  // namespace

std::span<const Node> items_of(const Node& node, std::string_view key) {
    const Node* list = node.find(key);
    return list == nullptr ? std::span<const Node>{} : std::span<const Node>(list->items);
}

const Node* value_at(const Node& node, std::string_view path) {
    const std::size_t dot = path.find('.');
    const Node* value = node.find(path.substr(0, dot));
    if (value == nullptr || dot == std::string_view::npos) return value;
    return value_at(*value, path.substr(dot + 1));
}

const Mark& mark_at(const Node& node, std::string_view path) {
    const Node* value = value_at(node, path);
    return value != nullptr ? value->mark : node.mark;
}

void check(const Checked& checked, Diagnostics& diagnostics) {
    Checker(checked, diagnostics).run();
    check_classes(checked, diagnostics);
    check_capacity(checked, diagnostics);
}

}  // namespace weir::policy
