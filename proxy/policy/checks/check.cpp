// The lists of a policy, and the names by which one part of it refers to another.
#include "policy/checks/check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <vector>

#include "policy/forms/suggest.hpp"

namespace weir::policy {
namespace {

// A list of the policy: how many items it may have, and why it may not be empty.
struct List {
    std::string_view key;
    std::string_view what;
    std::size_t max;
    std::string_view too_many;
    std::string_view none;
    std::string_view why_some;
};

constexpr std::array kLists{
    List{"listeners", "listeners", kMaxListeners, "too-many-listeners", "no-listeners",
         "there is nothing to listen on"},
    List{"backends", "backends", kMaxBackends, "too-many-backends", "no-backends", "there is nowhere to send requests"},
    List{"classes", "classes", kMaxClasses, "too-many-classes", "no-classes", "every request needs a class"},
    List{"degrade", "degrade rules", kMaxRules, "too-many-rules", {}, {}},
    List{"tests", "tests", kMaxPolicyNodes, {}, {}, {}},  // as many as a file can hold
};

void check_list(const Checked& c, const List& list) {
    const Node* node = c.root.find(list.key);
    if (node == nullptr) return;
    if (!list.none.empty() && !node->broken && node->items.empty()) {
        c.refuse(node->mark, list.none, fmt::format("'{}' is empty: {}", list.key, list.why_some));
    }
    if (node->items.size() > list.max) {
        c.refuse(node->mark, list.too_many, fmt::format("there may be at most {} {}", list.max, list.what));
    }
    check_names(c, node->items, list.what);
}

// What a key may name. `what` as in "there is no api key 'acme'".
struct Names {
    std::string_view what;
    std::vector<std::string> names;
};

template <typename Items>
std::vector<std::string> names_of(const Items& items) {
    std::vector<std::string> names;
    for (const auto& item : items) names.push_back(item.name);
    return names;
}

std::vector<std::string> plans_of(const admission::ClientsConfig& clients) {
    std::set<std::string> names;
    for (const admission::ApiKey& key : clients.api_keys) names.insert(key.plan);
    for (const admission::Certificate& one : clients.certificates) names.insert(one.plan);
    names.erase("");
    return {names.begin(), names.end()};
}

// Passes when one of the known names could not be read: the name may be that one.
void must_be_known(const Checked& c, const Node& node, const Names& known) {
    if (node.kind != Node::Kind::scalar || node.broken) return;
    for (const std::string& name : known.names) {
        if (name == node.text || name.empty()) return;
    }
    std::string id = fmt::format("unknown-{}", known.what);
    std::replace(id.begin(), id.end(), ' ', '-');
    const std::string suggestion = closest(node.text, known.names);
    std::string help;
    if (suggestion.empty()) {
        help = known.names.empty() ? "there are none" : fmt::format("there are: {}", fmt::join(known.names, ", "));
    }
    c.refuse(node.mark, id, fmt::format("there is no {} '{}'", known.what, node.text), help, suggestion);
}

// The value at `path` of each item of a list, itself one name or a list of them.
void check_path(const Checked& c, std::string_view list, std::string_view path, const Names& known) {
    for (const Node& item : c.root.items_of(list)) {
        const Node* node = item.find(path);
        if (node == nullptr) continue;
        // A list where only one value is allowed has been refused as a whole.
        const auto refused = [](const Node& one) { return one.broken; };
        if (node->broken && std::none_of(node->items.begin(), node->items.end(), refused)) continue;
        must_be_known(c, *node, known);
        for (const Node& one : node->items) must_be_known(c, one, known);
    }
}

void check_references(const Checked& c) {
    const Names backends{"backend", names_of(c.policy.backends)};
    const Names listeners{"listener", names_of(c.policy.listeners)};
    const Names classes{"class", names_of(c.policy.classes)};
    check_path(c, "classes", "backend", backends);
    check_path(c, "classes", "match.listener", listeners);
    check_path(c, "classes", "match.not.listener", listeners);
    check_path(c, "degrade", "when.class", classes);
    check_path(c, "degrade", "do.backend", backends);
    check_path(c, "tests", "expect.class", classes);
    check_path(c, "tests", "given.flood_of", classes);
    check_path(c, "tests", "request.listener", listeners);
    for (const Node& test : c.root.items_of("tests")) {
        if (test.find("given.queue") == nullptr || test.find("given.flood_of") == nullptr) continue;
        c.refuse(test.mark_at("given"), "conflicting-keys", "'queue' and 'flood_of' are two different situations");
    }
    if (!c.clients_are_known()) return;
    const Names keys{"api key", names_of(c.policy.clients.api_keys)};
    const Names certificates{"certificate", names_of(c.policy.clients.certificates)};
    const Names plans{"plan", plans_of(c.policy.clients)};
    for (const std::string match : {"match.", "match.not."}) {
        check_path(c, "classes", match + "api_key", keys);
        check_path(c, "classes", match + "certificate", certificates);
        check_path(c, "classes", match + "plan", plans);
    }
    check_path(c, "tests", "request.api_key", keys);
}

}  // namespace

void check_names(const Checked& c, std::span<const Node> items, std::string_view what) {
    std::map<std::string, int> seen;  // and the line of each
    for (const Node& item : items) {
        const Node* name = item.find("name");
        if (name == nullptr || name->kind != Node::Kind::scalar || name->broken) continue;
        const auto [first, fresh] = seen.emplace(name->text, name->mark.line);
        if (fresh) continue;
        c.refuse(name->mark, "duplicate-name",
                 fmt::format("two {} are called '{}'; the first is on line {}", what, name->text, first->second));
    }
}

void check(const Checked& c) {
    for (const List& list : kLists) check_list(c, list);
    check_listeners(c);
    check_clients(c);
    check_backends(c);
    check_references(c);
    check_classes(c);
}

}  // namespace weir::policy
