#include "policy/show/schema.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>

#include "policy/keys/keys.hpp"
#include "policy/show/pretty.hpp"

namespace weir::policy {
namespace {

namespace json = boost::json;

json::string_view type_name(JsonType type) {
    switch (type) {
        case JsonType::integer: return "integer";
        case JsonType::number: return "number";
        case JsonType::boolean: return "boolean";
        case JsonType::string: break;
    }
    return "string";
}

// Numbers may have words beside them, as in `auto`.
json::value default_value(JsonType type, const std::string& text) {
    if (type == JsonType::string) return json::value(text);
    boost::system::error_code error;
    json::value value = json::parse(text, error);
    return error ? json::value(text) : value;
}

// Any scalar may be a reference to a secret, which has another pattern. Numbers may have a suffix, and so be strings.
json::object form_schema(const Form& form) {
    json::object schema;
    if (form.type == JsonType::string) {
        schema["type"] = "string";
    } else {
        schema["type"] = json::array{type_name(form.type), "string"};
    }
    if (!form.words.empty()) {
        json::array choices;
        for (const std::string_view word : form.words) {
            if (form.type == JsonType::integer) {
                choices.emplace_back(std::stoi(std::string(word)));
            } else if (form.type == JsonType::boolean) {
                choices.emplace_back(word == "true");
            } else {
                choices.emplace_back(word);
            }
        }
        schema["anyOf"] =
            json::array{json::object{{"enum", choices}}, json::object{{"pattern", "\\$\\{"}, {"type", "string"}}};
    } else if (!form.pattern.empty()) {
        schema["pattern"] = std::string(form.pattern) + "|\\$\\{";
    }
    return schema;
}

json::object list_of(json::object items) { return {{"type", "array"}, {"items", std::move(items)}}; }

// The schema of one map: its keys, with the defaults of the struct that is described.
class Schema final : public Visitor {
public:
    void not_empty() override { not_empty_ = true; }

    [[nodiscard]] json::object take() {
        json::object schema{
            {"type", "object"}, {"properties", std::move(properties_)}, {"additionalProperties", false}};
        if (!required_.empty()) schema["required"] = std::move(required_);
        if (not_empty_) schema["minProperties"] = 1;
        return schema;
    }

private:
    void on_key(const Key& key) override {
        json::object schema = schema_of(key);
        std::string description(key.doc);
        if (key.form != nullptr && key.form->words.empty() && key.form->type != JsonType::boolean) {
            description += " (" + std::string(key.form->what) + ")";
        }
        schema["description"] = description;
        if (const std::string text = default_of(key); !text.empty()) {
            schema["default"] = default_value(key.form->type, text);
        }
        properties_[key.name] = std::move(schema);
        if (key.required) required_.emplace_back(key.name);
    }

    static json::object schema_of(const Key& key) {
        if (key.pairs != nullptr) {
            const json::array types{"string", "number", "boolean"};
            return {{"type", "object"}, {"additionalProperties", json::object{{"type", types}}}};
        }
        if (key.value == nullptr) return key.list ? list_of(schema_of(*key.part)) : schema_of(*key.part);
        if (!key.list && key.part == nullptr) return form_schema(*key.form);
        json::array choices{form_schema(*key.form)};
        if (key.list) {
            json::object list = list_of(form_schema(*key.form));
            list["minItems"] = 1;
            choices.push_back(std::move(list));
        }
        if (key.part != nullptr) choices.push_back(schema_of(*key.part));
        return {{"oneOf", std::move(choices)}};
    }

    static json::object schema_of(const Part& part) {
        Schema schema;
        part.fresh(schema);
        return schema.take();
    }

    // Only a key that may be left out has a default, and a list has none.
    static std::string default_of(const Key& key) {
        if (key.required || key.list || key.value == nullptr) return {};
        const auto texts = key.value->print();
        return texts.empty() ? std::string() : texts.front();
    }

    bool not_empty_ = false;
    json::object properties_;
    json::array required_;
};

}  // namespace

std::string json_schema(const Description& root) {
    Schema schema;
    root(schema);
    return pretty(schema.take());
}

std::string json_schema() {
    json::object schema{{"$schema", "https://json-schema.org/draft/2020-12/schema"},
                        {"title", "Weir policy"},
                        {"description", "The policy of a Weir load-shedding reverse proxy for AI backends."}};
    Policy fresh;
    Schema keys;
    describe(keys, fresh);
    for (const auto& [key, value] : keys.take()) schema[key] = value;
    return pretty(schema);
}

}  // namespace weir::policy
