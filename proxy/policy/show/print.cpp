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

constexpr std::string_view kHidden = "***";

class Printer {
public:
    explicit Printer(const std::set<std::string>& secrets) : secrets_(secrets) {}

    [[nodiscard]] json::object map(const Shape& shape, const void* owner, const std::string& path) const {
        json::object object;
        for (const Field& field : shape.fields) {
            if (field.need == Need::later) continue;
            const std::string here = path.empty() ? std::string(field.key) : fmt::format("{}.{}", path, field.key);
            object[field.key] = value(field, owner, here);
        }
        return object;
    }

private:
    [[nodiscard]] json::value scalar(const Field& field, const std::string& text, const std::string& path) const {
        if (field.secret || secrets_.contains(path)) return json::value(kHidden);
        if (field.form->type == JsonType::string) return json::value(text);
        // A number or a boolean, printed by its own form; some forms also have a word.
        boost::system::error_code error;
        json::value parsed = json::parse(text, error);
        return error ? json::value(text) : parsed;
    }

    [[nodiscard]] json::value value(const Field& field, const void* owner, const std::string& path) const {
        switch (field.layout) {
            case Layout::scalar: return single(field, owner, path);
            case Layout::scalars: return list(field, owner, path);
            case Layout::pairs: return pairs(field, owner, path);
            case Layout::map: return child(field, owner, path);
            case Layout::maps: return children(field, owner, path);
            case Layout::scalar_or_map:
                if (secrets_.contains(path)) return json::value(kHidden);
                return field.children(owner).empty() ? single(field, owner, path) : child(field, owner, path);
        }
        return nullptr;
    }

    [[nodiscard]] json::value single(const Field& field, const void* owner, const std::string& path) const {
        // A value that is checked and not kept can only be what its form allows.
        if (field.print == nullptr) return scalar(field, std::string(field.form->words.front()), path);
        const auto texts = field.print(owner);
        if (texts.empty() || texts.front().empty()) return nullptr;
        return scalar(field, texts.front(), path);
    }

    [[nodiscard]] json::value list(const Field& field, const void* owner, const std::string& path) const {
        json::array array;
        for (const std::string& text : field.print(owner)) {
            array.push_back(scalar(field, text, fmt::format("{}[{}]", path, array.size())));
        }
        return array;
    }

    [[nodiscard]] json::value pairs(const Field& field, const void* owner, const std::string& path) const {
        json::object object;
        for (const auto& [name, text] : field.print_pairs(owner)) {
            const bool hidden = secrets_.contains(fmt::format("{}.{}", path, name));
            object[name] = hidden ? json::value(kHidden) : json::value(text);
        }
        return object;
    }

    [[nodiscard]] json::value child(const Field& field, const void* owner, const std::string& path) const {
        const auto found = field.children(owner);
        if (found.empty()) return nullptr;
        json::object object = map(*field.shape, found.front(), path);
        return field.shape->not_empty ? conditions(field, object) : json::value(std::move(object));
    }

    // Of conditions, those that are not set say nothing; without any, the shorthand says it.
    [[nodiscard]] static json::value conditions(const Field& field, const json::object& object) {
        json::object kept;
        for (const auto& [key, member] : object) {
            const bool empty = member.is_null() || (member.is_array() && member.get_array().empty()) ||
                               (member.is_object() && member.get_object().empty());
            if (!empty) kept[key] = member;
        }
        if (kept.empty() && field.form != nullptr) return json::value(field.form->words.front());
        return kept;
    }

    [[nodiscard]] json::value children(const Field& field, const void* owner, const std::string& path) const {
        json::array array;
        for (const void* element : field.children(owner)) {
            array.push_back(map(*field.shape, element, fmt::format("{}[{}]", path, array.size())));
        }
        return array;
    }

    const std::set<std::string>& secrets_;
};

}  // namespace

std::string to_json(const Policy& policy) { return pretty(Printer(policy.secrets).map(kPolicyShape, &policy, "")); }

}  // namespace weir::policy
