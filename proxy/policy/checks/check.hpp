#pragma once
// What a policy means, checked after every value has been read: names that lead nowhere, classes that can never match,
// limits above their parents, doors left open.
//
// Nothing is concluded from a part in which the reader refused something: one typo yields one error, not a cascade.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "policy/diagnostic.hpp"
#include "policy/policy.hpp"
#include "policy/yaml/tree.hpp"

namespace weir::policy {

struct Checked {
    const Policy& policy;
    const Node& root;         // the tree `policy` was read from; its lists have the same indexes
    const Node* keys;         // of the file of keys; null: none, or unreadable
    std::size_t inline_keys;  // how many of the policy's keys stand in `root`; the rest stand in `keys`
};

void check(const Checked& checked, Diagnostics& diagnostics);

// The part about classes and how they shadow one another; called by check().
void check_classes(const Checked& checked, Diagnostics& diagnostics);

// The part about capacities and what is guaranteed of them; called by check().
void check_capacity(const Checked& checked, Diagnostics& diagnostics);

// The items of a list at `key`, or none.
[[nodiscard]] std::span<const Node> items_of(const Node& node, std::string_view key);
// The value at a path of keys (`limits.requests`), or null.
[[nodiscard]] const Node* value_at(const Node& node, std::string_view path);
// The place of that value, or of `node` where it is not written.
[[nodiscard]] const Mark& mark_at(const Node& node, std::string_view path);

}  // namespace weir::policy
