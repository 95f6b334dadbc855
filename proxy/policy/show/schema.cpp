#include "policy/show/schema.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>

#include "policy/keys/keys.hpp"
#include "policy/show/pretty.hpp"

namespace weir::policy {
namespace {

namespace json = boost::json;

json::object schema_of(const Shape& shape);

json::string_view type_name(JsonType type) {
    switch (type) {
        case JsonType::integer: return "integer";
        case JsonType::number: return "number";
        case JsonType::boolean: return "boolean";
        case JsonType::string: break;
    }
    return "string";
}

// Any scalar may be a reference to a secret, which has another pattern. Numbers may carry a suffix, and so be strings.
json::object schema_of(const Form& form) {
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

json::object schema_of(const Field& field) {
    json::object schema;
    switch (field.layout) {
        case Layout::scalar: schema = schema_of(*field.form); break;
        case Layout::scalars: {
            json::object list = list_of(schema_of(*field.form));
            list["minItems"] = 1;
            schema["oneOf"] = json::array{schema_of(*field.form), std::move(list)};
            break;
        }
        case Layout::pairs:
            schema = {{"type", "object"},
                      {"additionalProperties", json::object{{"type", json::array{"string", "number", "boolean"}}}}};
            break;
        case Layout::map: schema = schema_of(*field.shape); break;
        case Layout::maps: schema = list_of(schema_of(*field.shape)); break;
        case Layout::scalar_or_map:
            schema["oneOf"] = json::array{schema_of(*field.form), schema_of(*field.shape)};
            break;
    }
    std::string description(field.doc);
    if (field.form != nullptr && field.form->words.empty() && field.form->type != JsonType::boolean) {
        description += " (" + std::string(field.form->what) + ")";
    }
    schema["description"] = description;
    if (!field.fallback.empty()) {
        const bool text = field.form == nullptr || field.form->type == JsonType::string;
        schema["default"] = text ? json::value(field.fallback) : json::parse(field.fallback);
    }
    return schema;
}

json::object schema_of(const Shape& shape) {
    json::object properties;
    json::array required;
    for (const Field& field : shape.fields) {
        if (field.need == Need::later) continue;
        properties[field.key] = schema_of(field);
        if (field.need == Need::required) required.emplace_back(field.key);
    }
    json::object schema{{"type", "object"}, {"properties", std::move(properties)}, {"additionalProperties", false}};
    if (!required.empty()) schema["required"] = std::move(required);
    if (shape.not_empty) schema["minProperties"] = 1;
    return schema;
}

}  // namespace

std::string json_schema() {
    json::object schema{{"$schema", "https://json-schema.org/draft/2020-12/schema"},
                        {"title", "Weir policy"},
                        {"description", "The policy of a Weir load-shedding reverse proxy for AI backends."}};
    for (const auto& [key, value] : schema_of(kPolicyShape)) schema[key] = value;
    return pretty(schema);
}

}  // namespace weir::policy
