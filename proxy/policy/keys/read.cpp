#include "policy/keys/read.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "base/ascii.hpp"
#include "policy/forms/suggest.hpp"

namespace weir::policy {
namespace {

// The place of a map: its name in errors (`class 'siri-bulk'`), and its path from the root (`classes[1]`).
struct Place {
    std::string label;
    std::string path;

    [[nodiscard]] std::string called() const { return label.empty() ? "the policy" : label; }
    [[nodiscard]] Place below(std::string_view key) const {
        return {label.empty() ? fmt::format("'{}'", key) : fmt::format("'{}' of {}", key, label),
                path.empty() ? std::string(key) : fmt::format("{}.{}", path, key)};
    }
};

std::string_view kind_name(Node::Kind kind) {
    switch (kind) {
        case Node::Kind::scalar: return "a single value";
        case Node::Kind::list: return "a list";
        case Node::Kind::map: return "a map";
        case Node::Kind::null: break;
    }
    return "empty";
}

std::string_view wanted(const Key& key) {
    if (key.pairs != nullptr) return "a map";
    if (key.value == nullptr) return key.list ? "a list of maps, each starting with '- '" : "a map";
    if (key.part != nullptr) return key.list ? "a single value, a list or a map" : "a single value or a map";
    return key.list ? "a single value or a list" : key.form->what;
}

// A text as a message can hold it: on one line, and not too long.
std::string shown(std::string_view text) {
    constexpr std::size_t kLongest = 60;
    std::string result;
    for (const char c : text.substr(0, kLongest)) result.push_back(static_cast<unsigned char>(c) < ' ' ? ' ' : c);
    return text.size() > kLongest ? result + "..." : result;
}

// Reads one map. Functions return whether nothing was refused.
class Reader final : public Visitor {
public:
    Reader(const ReadContext& context, Node& map, Place place)
        : context_(context), map_(map), place_(std::move(place)), good_(!map.broken) {}

    void noun(std::string_view noun) override {
        const Node* name = map_.find("name");
        const bool named = name != nullptr && name->kind == Node::Kind::scalar && !name->secret;
        place_.label = named ? fmt::format("{} '{}'", noun, shown(name->text)) : std::string(noun);
    }
    void not_empty() override {
        if (map_.entries.empty() && !map_.broken) empty_ = true;
    }
    void later(std::string_view key) override {
        later_.push_back(key);
        Entry* entry = entry_of(key);
        if (entry == nullptr) return;
        const std::string where = place_.label.empty() ? "" : fmt::format(" in {}", place_.label);
        entry->value.broken = true;
        good_ = refuse(entry->mark, {"not-implemented", fmt::format("'{}'{} is not implemented yet", key, where)});
    }
    void former(std::string_view key, std::string_view now) override { renamed_.push_back({key, now}); }

    // To be called once the map has been described: refuses unknown keys and reports missing ones.
    bool finish() {
        std::vector<std::string> meant;  // keys that were misspelt: refused once, not also reported as missing
        for (Entry& entry : map_.entries) {
            if (is_one_of(known_, entry.key) || is_one_of(later_, entry.key)) continue;
            meant.push_back(refuse_unknown(entry));
        }
        for (const auto& [key, doc] : missing_) {
            if (std::find(meant.begin(), meant.end(), key) != meant.end()) continue;
            good_ = refuse(map_.mark,
                           {"missing-key", fmt::format("{} has no '{}'", place_.called(), key), {}, std::string(doc)});
        }
        if (empty_) good_ = refuse(map_.mark, {"empty-map", fmt::format("{} is empty", place_.called())});
        map_.broken = !good_;
        return good_;
    }

private:
    void on_key(const Key& key) override {
        known_.push_back(key.name);
        Entry* entry = entry_of(key.name);
        if (entry == nullptr) {
            if (key.required) missing_.emplace_back(key.name, key.doc);
            return;
        }
        const Place place = place_.below(key.name);
        const bool good =
            entry->value.kind != Node::Kind::null ? read_node(key, entry->value, place) : refuse_null(key, entry->mark);
        if (!good) entry->value.broken = true;
        good_ = good_ && good;
    }

    bool read_node(const Key& key, Node& node, const Place& place) {
        const bool is_map = node.kind == Node::Kind::map;
        if (node.kind == Node::Kind::scalar && key.value != nullptr) {
            return read_scalar(key, node, key.list ? place.path + "[0]" : place.path);
        }
        if (node.kind == Node::Kind::list && key.list) return read_list(key, node, place);
        if (is_map && key.pairs != nullptr) return read_pairs(*key.pairs, node, place.path);
        if (is_map && key.part != nullptr && (!key.list || key.value != nullptr))
            return read_map(*key.part, node, place);
        return refuse_kind(node, fmt::format("'{}' must be {}", key.name, wanted(key)));
    }

    bool read_list(const Key& key, Node& list, const Place& place) {
        if (list.items.empty() && key.value != nullptr) {
            return refuse(list.mark, {"missing-value",
                                      fmt::format("'{}' is an empty list", key.name),
                                      {},
                                      "leave the key out, or list what it should hold"});
        }
        bool good = true;
        for (std::size_t i = 0; i < list.items.size(); ++i) {
            good = read_item(key, list.items[i], {place.label, fmt::format("{}[{}]", place.path, i)}) && good;
        }
        list.broken = !good;
        return good;
    }

    bool read_item(const Key& key, Node& item, const Place& place) {
        const bool of_maps = key.value == nullptr;
        if (of_maps && item.kind == Node::Kind::map) return read_map(*key.part, item, place);
        if (!of_maps && item.kind == Node::Kind::scalar) return read_scalar(key, item, place.path);
        if (!of_maps) return refuse_kind(item, fmt::format("'{}' must be {}", key.name, wanted(key)));
        Reader nothing(context_, item, place);
        key.part->enter(nothing);  // structs and nodes share their index
        item.broken = true;
        return refuse_kind(item, fmt::format("an item of '{}' must be a map", key.name));
    }

    bool read_map(const Part& part, Node& node, const Place& place) {
        Reader reader(context_, node, place);
        part.enter(reader);
        return reader.finish();
    }

    bool read_pairs(const PairsOf& pairs, Node& map, const std::string& path) {
        bool good = !map.broken;
        for (const Entry& entry : map.entries) good = read_pair(pairs, entry, path) && good;
        map.broken = !good;
        return good;
    }

    bool read_pair(const PairsOf& pairs, const Entry& entry, const std::string& path) {
        const Node& node = entry.value;
        if (node.kind != Node::Kind::scalar) {
            return refuse_kind(node, fmt::format("'{}' must be a single value", entry.key));
        }
        if (node.secret) {
            std::string name = entry.key;  // as names of headers are kept
            std::transform(name.begin(), name.end(), name.begin(), lower);
            context_.secrets.insert(fmt::format("{}.{}", path, name));
        }
        auto fault = pairs.add(entry.key, node.text);
        if (!fault) return true;
        fault->message = fmt::format("'{}' {}", entry.key, fault->message);
        return refuse(entry.mark, std::move(*fault));
    }

    bool read_scalar(const Key& key, Node& node, const std::string& path) {
        if (node.broken) return false;  // expand() has said why
        if (node.secret) context_.secrets.insert(path);
        std::string text = node.text;
        if (key.form->is_path && !text.empty()) text = (context_.folder / text).lexically_normal().string();
        std::optional<Fault> fault = key.value->set(text);
        return !fault || refuse_text(key, node, std::move(*fault));
    }

    bool refuse(const Mark& mark, Fault fault) {
        policy::refuse(context_.diagnostics, mark, fault.id, std::move(fault.message), std::move(fault.help),
                       std::move(fault.suggestion));
        return false;
    }

    bool refuse_null(const Key& key, const Mark& mark) {
        return refuse(mark, {"missing-value",
                             fmt::format("'{}' has no value", key.name),
                             {},
                             fmt::format("it must be {}", wanted(key))});
    }

    bool refuse_kind(const Node& node, const std::string& rule) {
        return refuse(node.mark, {"wrong-type", fmt::format("{}, but is {}", rule, kind_name(node.kind))});
    }

    // `'queue_timeout' needs a unit, but is '2'; did you mean '2s'?`, without the text where it is a secret.
    bool refuse_text(const Key& key, Node& node, Fault fault) {
        const bool hidden = node.secret || key.secret;
        if (fault.id == "not-implemented") {
            fault.message = fmt::format("'{}: {}' is not implemented yet", key.name, node.text);
            return refuse(node.mark, std::move(fault));
        }
        fault.message = fmt::format("'{}' {}", key.name, fault.message);
        if (hidden) {
            fault.suggestion.clear();
        } else {
            fault.message += fmt::format(", but is '{}'", shown(node.text));
        }
        node.broken = true;
        return refuse(node.mark, std::move(fault));
    }

    // Returns the key that was probably meant.
    std::string refuse_unknown(Entry& entry) {
        std::vector<std::string_view> keys = known_;
        keys.insert(keys.end(), later_.begin(), later_.end());
        Fault fault{"unknown-key", fmt::format("unknown key '{}' in {}", shown(entry.key), place_.called()),
                    closest(entry.key, keys)};
        const auto renamed =
            std::find_if(renamed_.begin(), renamed_.end(), [&](const Renamed& one) { return one.former == entry.key; });
        if (renamed != renamed_.end()) {
            fault.suggestion = renamed->now;
            fault.help = fmt::format("'{}' is now called '{}'", renamed->former, renamed->now);
        } else if (fault.suggestion.empty()) {
            fault.help = fmt::format("it can have: {}", fmt::join(known_, ", "));
        }
        entry.value.broken = true;
        const std::string meant = fault.suggestion;
        good_ = refuse(entry.mark, std::move(fault));
        return meant;
    }

    static bool is_one_of(const std::vector<std::string_view>& keys, std::string_view key) {
        return std::find(keys.begin(), keys.end(), key) != keys.end();
    }

    Entry* entry_of(std::string_view key) {
        const auto found = std::find_if(map_.entries.begin(), map_.entries.end(),
                                        [&](const Entry& entry) { return entry.key == key; });
        return found == map_.entries.end() ? nullptr : &*found;
    }

    const ReadContext& context_;
    Node& map_;
    Place place_;
    bool good_;
    bool empty_ = false;
    std::vector<std::string_view> known_;
    std::vector<std::string_view> later_;
    std::vector<Renamed> renamed_;
    std::vector<std::pair<std::string_view, std::string_view>> missing_;  // keys, and their docs
};

}  // namespace

void read(Node& root, const Description& root_keys, const std::string& prefix, const ReadContext& context) {
    if (root.kind != Node::Kind::map) {
        refuse(context.diagnostics, root.mark, "wrong-type",
               fmt::format("the file must hold a map of keys, but holds {}", kind_name(root.kind)));
        root.broken = true;
        return;
    }
    Reader reader(context, root, {"", prefix});
    root_keys(reader);
    reader.finish();
}

}  // namespace weir::policy
