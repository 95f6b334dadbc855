#include "policy/show/print.hpp"

#include <fmt/format.h>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>

#include "policy/keys/keys.hpp"
#include "policy/show/pretty.hpp"

namespace weir::policy {
namespace {

namespace json = boost::json;

// Prints one map.
class Printer final : public Visitor {
public:
    Printer(const std::set<std::string>& secrets, std::string path) : secrets_(secrets), path_(std::move(path)) {}

    void not_empty() override { not_empty_ = true; }

    // Conditions that are not set are left out.
    [[nodiscard]] json::object take() {
        if (!not_empty_) return std::move(object_);
        json::object kept;
        for (const auto& [key, member] : object_) {
            const bool empty = member.is_null() || (member.is_array() && member.get_array().empty()) ||
                               (member.is_object() && member.get_object().empty());
            if (!empty) kept[key] = member;
        }
        return kept;
    }

private:
    void on_key(const Key& key) override { object_[key.name] = shown(key, path_of(key)); }

    [[nodiscard]] json::value shown(const Key& key, const std::string& path) const {
        if (key.pairs != nullptr) return pairs(key, path);
        if (key.list && key.value != nullptr && key.part != nullptr && key.part->count() > 0) {
            return child(*key.part, 0, path);
        }
        if (key.list) return list(key, path);
        // The map, if it has content; otherwise its shorthand.
        const bool there = key.part != nullptr && key.part->count() > 0 && !secrets_.contains(path);
        json::value map = there ? json::value(child(*key.part, 0, path)) : nullptr;
        return key.value == nullptr || (there && !map.as_object().empty()) ? map : single(key, path);
    }

    [[nodiscard]] json::value list(const Key& key, const std::string& path) const {
        json::array array;
        const auto next = [&] { return fmt::format("{}[{}]", path, array.size()); };
        if (key.value != nullptr) {
            for (const std::string& text : key.value->print()) array.push_back(scalar(key, text, next()));
        } else {
            for (std::size_t i = 0; i < key.part->count(); ++i) array.push_back(child(*key.part, i, next()));
        }
        return array;
    }

    [[nodiscard]] json::value pairs(const Key& key, const std::string& path) const {
        json::object object;
        for (const auto& [name, text] : key.pairs->held) {
            object[name] = scalar(key, text, fmt::format("{}.{}", path, name));
        }
        return object;
    }

    [[nodiscard]] std::string path_of(const Key& key) const {
        return path_.empty() ? std::string(key.name) : fmt::format("{}.{}", path_, key.name);
    }

    [[nodiscard]] json::value single(const Key& key, const std::string& path) const {
        const auto texts = key.value->print();
        if (texts.empty() || texts.front().empty()) return nullptr;
        return scalar(key, texts.front(), path);
    }

    [[nodiscard]] json::value scalar(const Key& key, const std::string& text, const std::string& path) const {
        if (key.secret || secrets_.contains(path)) return "***";
        if (key.form->type == JsonType::string) return json::value(text);
        // A number or a boolean, printed by its own form; some forms also have words.
        boost::system::error_code error;
        json::value parsed = json::parse(text, error);
        return error ? json::value(text) : parsed;
    }

    [[nodiscard]] json::object child(const Part& part, std::size_t index, const std::string& path) const {
        Printer printer(secrets_, path);
        part.at(index, printer);
        return printer.take();
    }

    const std::set<std::string>& secrets_;
    std::string path_;
    bool not_empty_ = false;
    json::object object_;
};

}  // namespace

std::string to_json(const Description& root, const std::set<std::string>& secrets) {
    Printer printer(secrets, "");
    root(printer);
    return pretty(printer.take());
}

std::string to_json(const Policy& policy) {
    Policy shown = policy;  // describe() takes a mutable struct
    return to_json([&](Visitor& v) { describe(v, shown); }, policy.secrets);
}

}  // namespace weir::policy
