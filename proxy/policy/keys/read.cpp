#include "policy/keys/read.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "policy/forms/suggest.hpp"

namespace weir::policy {
namespace {

// Where a map stands: how errors call it (`class 'siri-bulk'`), and its path from the root (`classes[1]`).
struct Place {
    std::string label;
    std::string path;

    [[nodiscard]] std::string path_of(std::string_view key) const {
        return path.empty() ? std::string(key) : fmt::format("{}.{}", path, key);
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

std::string_view wanted(const Field& field) {
    switch (field.layout) {
        case Layout::scalar: return field.form->what;
        case Layout::scalars: return "a single value or a list";
        case Layout::pairs:
        case Layout::map: return "a map";
        case Layout::maps: return "a list of maps, each starting with '- '";
        case Layout::scalar_or_map: return "a single value or a map";
    }
    return "";
}

// Header names are kept in lower case.
std::string lower(std::string text) {
    for (char& c : text) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    return text;
}

// A text as a message can hold it: on one line, and not for ever.
std::string shown(std::string_view text) {
    constexpr std::size_t kLongest = 60;
    std::string result;
    for (const char c : text.substr(0, kLongest)) result.push_back(static_cast<unsigned char>(c) < ' ' ? ' ' : c);
    return text.size() > kLongest ? result + "..." : result;
}

// `class 'siri-bulk'`, or `'limits' of class 'siri-bulk'`.
std::string label_of(const Shape& shape, std::string_view key, const Node& node, const std::string& parent) {
    if (!shape.noun.empty()) {
        const Node* name = node.find("name");
        if (name == nullptr || name->kind != Node::Kind::scalar || name->secret) return std::string(shape.noun);
        return fmt::format("{} '{}'", shape.noun, shown(name->text));
    }
    return parent.empty() ? fmt::format("'{}'", key) : fmt::format("'{}' of {}", key, parent);
}

class Reader {
public:
    Reader(const std::filesystem::path& folder, std::set<std::string>& secrets, Diagnostics& diagnostics)
        : folder_(folder), secrets_(secrets), diagnostics_(diagnostics) {}

    // Reads a map's keys into `owner`. All functions here return whether nothing was refused.
    bool read_map(const Shape& shape, Node& node, void* owner, const Place& place) {
        bool good = !node.broken;
        std::vector<std::string> meant;  // keys that were misspelt: refused once, not missed again
        for (Entry& entry : node.entries) {
            const auto field = std::find_if(shape.fields.begin(), shape.fields.end(),
                                            [&](const Field& f) { return f.key == entry.key; });
            const bool known = field != shape.fields.end() ? read_field(*field, entry, owner, place)
                                                           : refuse_unknown(shape, entry, place, meant);
            if (!known) entry.value.broken = true;
            good = good && known;
        }
        good = require(shape, node, place, meant) && good;
        if (shape.finish != nullptr) shape.finish(owner);
        node.broken = !good;
        return good;
    }

private:
    bool refuse(const Mark& mark, Fault fault) {
        diagnostics_.push_back({Severity::error, mark, std::move(fault.id), std::move(fault.message),
                                std::move(fault.suggestion), std::move(fault.help)});
        return false;
    }

    bool refuse_unknown(const Shape& shape, const Entry& entry, const Place& place, std::vector<std::string>& meant) {
        std::vector<std::string_view> keys;
        for (const Field& field : shape.fields) keys.push_back(field.key);
        const std::string where = place.label.empty() ? "the policy" : place.label;
        Fault fault{"unknown-key",
                    fmt::format("unknown key '{}' in {}", shown(entry.key), where),
                    closest(entry.key, keys),
                    {}};
        if (fault.suggestion.empty()) {
            std::erase_if(keys, [&](std::string_view key) { return is_later(shape, key); });
            fault.help = fmt::format("it can have: {}", fmt::join(keys, ", "));
        }
        meant.push_back(fault.suggestion);
        return refuse(entry.mark, std::move(fault));
    }

    static bool is_later(const Shape& shape, std::string_view key) {
        return std::any_of(shape.fields.begin(), shape.fields.end(),
                           [key](const Field& f) { return f.key == key && f.need == Need::later; });
    }

    // Every required key is there, and a map that may not be empty is not.
    bool require(const Shape& shape, const Node& node, const Place& place, const std::vector<std::string>& meant) {
        bool good = true;
        const std::string who = place.label.empty() ? "the policy" : place.label;
        for (const Field& field : shape.fields) {
            if (field.need != Need::required || node.find(field.key) != nullptr) continue;
            if (std::find(meant.begin(), meant.end(), field.key) != meant.end()) continue;
            good = refuse(node.mark,
                          {"missing-key", fmt::format("{} has no '{}'", who, field.key), {}, std::string(field.doc)});
        }
        if (shape.not_empty && node.entries.empty() && !node.broken) {
            good = refuse(node.mark, {"empty-map", fmt::format("{} is empty", who), {}, {}});
        }
        return good;
    }

    bool read_field(const Field& field, Entry& entry, void* owner, const Place& place) {
        if (field.need == Need::later) {
            const std::string where = place.label.empty() ? "" : fmt::format(" in {}", place.label);
            return refuse(entry.mark,
                          {"not-implemented", fmt::format("'{}'{} is not implemented yet", field.key, where), {}, {}});
        }
        Node& node = entry.value;
        const Place here{place.label, place.path_of(field.key)};
        if (node.kind == Node::Kind::null) {
            return refuse(entry.mark, {"missing-value",
                                       fmt::format("'{}' has no value", field.key),
                                       {},
                                       fmt::format("it is {}", wanted(field))});
        }
        switch (field.layout) {
            case Layout::scalar:
                return node.kind == Node::Kind::scalar ? read_scalar(field, node, owner, here.path)
                                                       : refuse_kind(field, node);
            case Layout::scalars: return read_scalars(field, node, owner, here.path);
            case Layout::pairs: return read_pairs(field, node, owner, here.path);
            case Layout::scalar_or_map:
                if (node.kind == Node::Kind::scalar) return read_scalar(field, node, owner, here.path);
                [[fallthrough]];
            case Layout::map:
                if (node.kind != Node::Kind::map) return refuse_kind(field, node);
                return read_map(*field.shape, node, field.enter(owner),
                                {label_of(*field.shape, field.key, node, place.label), here.path});
            case Layout::maps: return read_maps(field, node, owner, here);
        }
        return false;
    }

    bool refuse_kind(const Field& field, const Node& node) {
        return refuse(node.mark,
                      {"wrong-type",
                       fmt::format("'{}' must be {}, but is {}", field.key, wanted(field), kind_name(node.kind)),
                       {},
                       {}});
    }

    bool refuse_item(const Field& field, const Node& item) {
        return refuse(item.mark,
                      {"wrong-type",
                       fmt::format("an item of '{}' must be a map, but is {}", field.key, kind_name(item.kind)),
                       {},
                       {}});
    }

    bool read_scalar(const Field& field, Node& node, void* owner, const std::string& path) {
        if (node.broken) return false;  // expand() has said why
        if (node.secret) secrets_.insert(path);
        std::string text = node.text;
        if (field.form->is_path && !text.empty()) text = (folder_ / text).lexically_normal().string();
        std::optional<Fault> fault = field.set(owner, text);
        if (!fault) return true;
        return refuse_text(field, node, std::move(*fault));
    }

    // `'patience' needs a unit, but is '2'; did you mean '2s'?`, without the text where it is a secret.
    bool refuse_text(const Field& field, Node& node, Fault fault) {
        const bool hidden = node.secret || field.secret;
        if (fault.id == "not-implemented") {
            fault.message = fmt::format("'{}: {}' is not implemented yet", field.key, node.text);
            return refuse(node.mark, std::move(fault));
        }
        fault.message = hidden ? fmt::format("'{}' {}", field.key, fault.message)
                               : fmt::format("'{}' {}, but is '{}'", field.key, fault.message, shown(node.text));
        if (hidden) fault.suggestion.clear();
        node.broken = true;
        return refuse(node.mark, std::move(fault));
    }

    bool read_scalars(const Field& field, Node& node, void* owner, const std::string& path) {
        if (node.kind == Node::Kind::scalar) return read_scalar(field, node, owner, path + "[0]");
        if (node.kind != Node::Kind::list) return refuse_kind(field, node);
        if (node.items.empty()) {
            return refuse(node.mark, {"missing-value",
                                      fmt::format("'{}' is an empty list", field.key),
                                      {},
                                      "leave the key out, or list what it should hold"});
        }
        bool good = true;
        for (std::size_t i = 0; i < node.items.size(); ++i) {
            Node& item = node.items[i];
            const bool read = item.kind == Node::Kind::scalar
                                  ? read_scalar(field, item, owner, fmt::format("{}[{}]", path, i))
                                  : refuse_kind(field, item);
            good = good && read;
        }
        node.broken = !good;
        return good;
    }

    bool read_pairs(const Field& field, Node& node, void* owner, const std::string& path) {
        if (node.kind != Node::Kind::map) return refuse_kind(field, node);
        bool good = !node.broken;
        for (Entry& entry : node.entries) {
            if (entry.value.kind != Node::Kind::scalar) {
                good = refuse(entry.value.mark, {"wrong-type",
                                                 fmt::format("'{}' must be a single value, but is {}", entry.key,
                                                             kind_name(entry.value.kind)),
                                                 {},
                                                 {}});
                continue;
            }
            if (entry.value.secret) secrets_.insert(fmt::format("{}.{}", path, lower(entry.key)));
            auto fault = field.set_pair(owner, entry.key, entry.value.text);
            if (!fault) continue;
            fault->message = fmt::format("'{}' {}", entry.key, fault->message);
            good = refuse(entry.mark, std::move(*fault));
        }
        node.broken = !good;
        return good;
    }

    bool read_maps(const Field& field, Node& node, void* owner, const Place& place) {
        if (node.kind != Node::Kind::list) return refuse_kind(field, node);
        bool good = true;
        for (std::size_t i = 0; i < node.items.size(); ++i) {
            Node& item = node.items[i];
            void* element = field.enter(owner);
            const Place here{label_of(*field.shape, field.key, item, place.label),
                             fmt::format("{}[{}]", place.path, i)};
            const bool read =
                item.kind == Node::Kind::map ? read_map(*field.shape, item, element, here) : refuse_item(field, item);
            item.broken = !read;
            good = good && read;
        }
        node.broken = !good;
        return good;
    }

    const std::filesystem::path& folder_;
    std::set<std::string>& secrets_;
    Diagnostics& diagnostics_;
};

}  // namespace

void read(const Shape& shape, Node& root, void* owner, const std::filesystem::path& folder, const std::string& prefix,
          std::set<std::string>& secrets, Diagnostics& diagnostics) {
    if (root.kind != Node::Kind::map) {
        diagnostics.push_back({Severity::error,
                               root.mark,
                               "wrong-type",
                               fmt::format("the file must hold a map of keys, but holds {}", kind_name(root.kind)),
                               {},
                               {}});
        root.broken = true;
        return;
    }
    Reader(folder, secrets, diagnostics).read_map(shape, root, owner, {"", prefix});
}

}  // namespace weir::policy
