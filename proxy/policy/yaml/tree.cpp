#include "policy/yaml/tree.hpp"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <map>
#include <sstream>
#include <stdexcept>
#include <utility>

namespace weir::policy {
namespace {

// Thrown from yaml-cpp's callbacks to end the parse; the diagnostic has been added.
struct Stop {};

// Builds the tree from yaml-cpp's events, whose marks are better than those of its nodes: an alias reports its own
// place, and a scalar the place where it starts.
class Builder : public YAML::EventHandler {
public:
    Builder(const std::string& file, std::string_view text, Diagnostics& diagnostics)
        : file_(file), text_(text), diagnostics_(diagnostics) {
        lines_.push_back(0);
        for (std::size_t i = 0; i < text.size(); ++i) {
            if (text[i] == '\n') lines_.push_back(i + 1);
        }
    }

    std::optional<Node> take_root() { return std::move(root_); }

    void OnDocumentStart(const YAML::Mark& mark) override {
        if (root_) {
            refuse(diagnostics_, at(mark), "multiple-documents",
                   "a policy is one YAML document, and a second one starts here");
            throw Stop{};
        }
    }
    void OnDocumentEnd() override {}
    void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
        Node node = start(Node::Kind::null, mark, anchor);
        add(std::move(node));
    }
    void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
        refuse(diagnostics_, at(mark), "yaml-alias", "aliases are not supported", "write the value out in both places");
        throw Stop{};
    }
    void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  const std::string& value) override {
        Node node = start(Node::Kind::scalar, mark, anchor, tag);
        check_closed(node.mark);
        node.text = value;
        add(std::move(node));
    }
    void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                         YAML::EmitterStyle::value) override {
        open_.emplace_back().node = start(Node::Kind::list, mark, anchor, tag);
    }
    void OnSequenceEnd() override { close(); }
    void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                    YAML::EmitterStyle::value style) override {
        open_.emplace_back().node = start(Node::Kind::map, mark, anchor, tag);
        open_.back().block = style == YAML::EmitterStyle::Block;
    }
    void OnMapEnd() override { close(); }

private:
    // A list or map that has not ended yet.
    struct Open {
        Node node;
        bool block = false;
        bool has_key = false;     // the next node is the value of `key`
        bool drop_value = false;  // the key was refused
        std::string key;
        Mark key_mark;
        std::map<std::string, int> lines;  // of its keys
    };

    [[nodiscard]] Mark at(const YAML::Mark& mark) const { return {file_, mark.line + 1, mark.column + 1}; }

    Node start(Node::Kind kind, const YAML::Mark& mark, YAML::anchor_t anchor, const std::string& tag = {}) {
        if (++count_ > kMaxPolicyNodes) {
            refuse(diagnostics_, at(mark), "too-large",
                   fmt::format("a policy has at most {} keys and values", kMaxPolicyNodes));
            throw Stop{};
        }
        if (anchor != YAML::NullAnchor) {
            refuse(diagnostics_, at(mark), "yaml-alias", "anchors are not supported",
                   "write the value out where it is needed");
        }
        // yaml-cpp reports "?" for a plain node and "!" for a quoted scalar.
        if (!tag.empty() && tag != "?" && tag != "!") {
            refuse(diagnostics_, at(mark), "yaml-tag", "YAML tags are not supported",
                   "the key decides how its value is read");
        }
        Node node;
        node.kind = kind;
        node.mark = at(mark);
        return node;
    }

    // yaml-cpp lets the end of the file close a quote, and so swallows everything after an unclosed one.
    void check_closed(const Mark& mark) {
        const auto line = static_cast<std::size_t>(mark.line - 1);
        if (line >= lines_.size()) return;
        const std::size_t begin = lines_[line] + static_cast<std::size_t>(mark.column - 1);
        if (begin >= text_.size() || (text_[begin] != '"' && text_[begin] != '\'')) return;
        const char quote = text_[begin];
        for (std::size_t i = begin + 1; i < text_.size(); ++i) {
            const bool doubled = quote == '\'' && text_[i] == quote && text_.substr(i + 1).starts_with(quote);
            if (doubled || (quote == '"' && text_[i] == '\\')) {
                ++i;
            } else if (text_[i] == quote) {
                return;
            }
        }
        refuse(diagnostics_, mark, "yaml-syntax", "this quote is never closed");
        throw Stop{};
    }

    void close() {
        Node node = std::move(open_.back().node);
        open_.pop_back();
        add(std::move(node));
    }

    void add(Node node) {
        if (open_.empty()) {
            root_ = std::move(node);
            return;
        }
        Open& parent = open_.back();
        if (parent.node.kind == Node::Kind::list) {
            parent.node.items.push_back(std::move(node));
        } else if (!parent.has_key) {
            take_key(parent, node);
        } else {
            parent.has_key = false;
            // The parser's mark for a missing value is where it noticed, often lines below.
            if (node.kind == Node::Kind::null) node.mark = parent.key_mark;
            if (!parent.drop_value) parent.node.entries.push_back({parent.key, parent.key_mark, std::move(node)});
        }
    }

    void take_key(Open& map, const Node& key) {
        // A block map's own mark comes after its first key.
        if (map.block && map.node.entries.empty() && !map.drop_value) map.node.mark = key.mark;
        map.has_key = true;
        map.key = key.text;
        map.key_mark = key.mark;
        map.drop_value = true;
        if (key.kind != Node::Kind::scalar) {
            refuse(diagnostics_, key.mark, "bad-key", "a key must be a plain word");
        } else if (key.text == "<<") {
            refuse(diagnostics_, key.mark, "merge-key", "merge keys are not supported", "write the merged keys out");
        } else if (const auto [first, fresh] = map.lines.emplace(key.text, key.mark.line); !fresh) {
            refuse(diagnostics_, key.mark, "duplicate-key",
                   fmt::format("duplicate key '{}'; the first is on line {}", key.text, first->second));
        } else {
            map.drop_value = false;
            return;
        }
        map.node.broken = true;
    }

    const std::string& file_;
    std::string_view text_;
    std::vector<std::size_t> lines_;  // where each begins
    Diagnostics& diagnostics_;
    std::optional<Node> root_;
    std::vector<Open> open_;
    std::size_t count_ = 0;
};

// YAML forbids tabs in indentation; yaml-cpp treats some of them as spaces and guesses a structure.
bool check_tabs(const std::string& file, const std::string& text, Diagnostics& diagnostics) {
    bool clean = true;
    int line = 0;
    std::istringstream lines(text);
    for (std::string row; std::getline(lines, row);) {
        ++line;
        const std::size_t content = row.find_first_not_of(" \t\r");
        if (content == std::string::npos || row[content] == '#') continue;
        const std::size_t tab = row.find('\t');
        if (tab >= content) continue;
        refuse(diagnostics, Mark{file, line, static_cast<int>(tab) + 1}, "yaml-syntax", "a tab in the indentation",
               "YAML indents with spaces only");
        clean = false;
    }
    return clean;
}

void report_syntax(const std::string& file, const YAML::Exception& error, Diagnostics& diagnostics) {
    const Mark mark = error.mark.is_null() ? Mark{file, 1, 1} : Mark{file, error.mark.line + 1, error.mark.column + 1};
    refuse(diagnostics, mark, "yaml-syntax", "not valid YAML: " + error.msg);
}

}  // namespace

const Node* Node::find(std::string_view path) const {
    const std::size_t dot = path.find('.');
    for (const Entry& entry : entries) {
        if (entry.key != path.substr(0, dot)) continue;
        return dot == std::string_view::npos ? &entry.value : entry.value.find(path.substr(dot + 1));
    }
    return nullptr;
}

Node* Node::find(std::string_view path) { return const_cast<Node*>(std::as_const(*this).find(path)); }

const Mark& Node::mark_at(std::string_view path) const {
    const Node* value = find(path);
    return value != nullptr ? value->mark : mark;
}

std::span<const Node> Node::items_of(std::string_view path) const {
    const Node* list = find(path);
    return list == nullptr ? std::span<const Node>{} : std::span<const Node>(list->items);
}

std::optional<Node> parse_yaml(const std::string& file, const std::string& text, Diagnostics& diagnostics) {
    if (text.find('\0') != std::string::npos) {
        refuse(diagnostics, Mark{file, 0, 0}, "yaml-syntax", "not a text file");
        return std::nullopt;
    }
    if (!check_tabs(file, text, diagnostics)) return std::nullopt;
    Builder builder(file, text, diagnostics);
    try {
        std::istringstream stream(text);
        YAML::Parser parser(stream);
        while (parser.HandleNextDocument(builder)) {
        }
    } catch (const Stop&) {
        return std::nullopt;
    } catch (const YAML::Exception& error) {
        report_syntax(file, error, diagnostics);
        return std::nullopt;
    } catch (const std::exception& error) {
        refuse(diagnostics, Mark{file, 1, 1}, "yaml-syntax", fmt::format("not valid YAML: {}", error.what()));
        return std::nullopt;
    }
    auto root = builder.take_root();
    if (!root || root->kind == Node::Kind::null) {
        refuse(diagnostics, Mark{file, 0, 0}, "empty-file", "the file is empty");
        return std::nullopt;
    }
    return root;
}

}  // namespace weir::policy
