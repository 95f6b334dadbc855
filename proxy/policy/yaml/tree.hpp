#pragma once
// A YAML text as a tree of strings in which every key and every value has a mark.
//
// yaml-cpp is used for its grammar alone: what it would decide silently (the first of two equal keys wins, `010` is 8,
// `no` is false, only the first document counts) is either refused here or left as plain text to its key's form.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "policy/diagnostic.hpp"
#include "policy/mark.hpp"

namespace weir::policy {

struct Entry;

struct Node {
    enum class Kind : std::uint8_t { null, scalar, list, map };

    Kind kind = Kind::null;
    bool secret = false;  // `text` came from ${env:...} or ${file:...}
    bool broken = false;  // something in here was refused, so conclusions drawn from it would be noise
    Mark mark;            // for a null: its key's
    std::string text;     // of a scalar
    std::vector<Node> items;
    std::vector<Entry> entries;

    // The value at a path of keys (`limits.requests`), or null where none is written.
    [[nodiscard]] const Node* find(std::string_view path) const;
    [[nodiscard]] Node* find(std::string_view path);
    // The place of that value, or of this node where there is none.
    [[nodiscard]] const Mark& mark_at(std::string_view path) const;
    // The items of the list at `path`, or none.
    [[nodiscard]] std::span<const Node> items_of(std::string_view path) const;
};

struct Entry {
    std::string key;
    Mark mark;  // of the key
    Node value;
};

inline constexpr std::size_t kMaxPolicyBytes = 1024 * 1024;
inline constexpr std::size_t kMaxPolicyNodes = 100'000;

// Reads one document. Refuses, each at its place: syntax errors, tabs in the indentation, duplicate keys, merge keys,
// keys that are not scalars, anchors, aliases, tags, a second document, more than kMaxPolicyNodes nodes. Empty when
// there is no usable tree; what was refused inside an otherwise readable tree is left out of it.
[[nodiscard]] std::optional<Node> parse_yaml(const std::string& file, const std::string& text,
                                             Diagnostics& diagnostics);

}  // namespace weir::policy
