#pragma once
// Checks of a policy's meaning, after every value has been read: unknown names, classes that can never match, limits
// above their parents', listeners left open.
//
// Nothing is concluded from a part in which the reader refused something: one typo yields one error, not a cascade.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "policy/diagnostic.hpp"
#include "policy/policy.hpp"
#include "policy/yaml/tree.hpp"

namespace weir::policy {

struct Checked {
    const Policy& policy;
    const Node& root;         // the tree `policy` was read from; its lists have the same indexes
    const Node* keys;         // the tree of the file of keys; null: none, or unreadable
    std::size_t inline_keys;  // how many of the policy's keys are in `root`; the rest are in `keys`
    Diagnostics& diagnostics;

    void refuse(const Mark& mark, std::string_view id, std::string message, std::string help = {},
                std::string suggestion = {}) const {
        policy::refuse(diagnostics, mark, id, std::move(message), std::move(help), std::move(suggestion));
    }
    void warn(const Mark& mark, std::string_view id, std::string message, std::string help = {}) const {
        policy::warn(diagnostics, mark, id, std::move(message), std::move(help));
    }

    // Whether all keys and certificates could be read, so that any other name is known to be wrong.
    [[nodiscard]] bool clients_are_known() const {
        const Node* clients = root.find("clients");
        return clients == nullptr || !clients->broken;
    }
};

void check(const Checked& checked);

// Its parts.
void check_listeners(const Checked& checked);  // including the admin listener, and their certificates
void check_clients(const Checked& checked);    // keys and certificates that callers present
void check_backends(const Checked& checked);   // endpoints, capacities and guarantees on them
void check_credentials(const Checked& checked, const upstream::BackendConfig& backend, const Node& node);
void check_classes(const Checked& checked);  // their settings, and how they shadow one another

// Refuses a second item of the same name. `what` as in "two classes are called ...".
void check_names(const Checked& checked, std::span<const Node> items, std::string_view what);

}  // namespace weir::policy
