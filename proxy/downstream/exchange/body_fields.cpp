#include "downstream/exchange/body_fields.hpp"

#include <algorithm>

#include "base/ascii.hpp"
#include "http/content_coding.hpp"

namespace weir::downstream {
namespace {

using ai::Api;
using http::equals_ignoring_case;

constexpr std::size_t kLongestType = 512;

std::string_view essence_of(std::string_view type) { return trim(type.substr(0, type.find(';'))); }

bool is_form(std::string_view essence) { return equals_ignoring_case(essence, "multipart/form-data"); }

// RFC 6839 section 3.1: `application/problem+json` is JSON as well.
bool is_json(std::string_view essence) {
    constexpr std::string_view kSuffix = "+json";
    const bool suffixed = essence.size() > kSuffix.size() &&
                          equals_ignoring_case(essence.substr(essence.size() - kSuffix.size()), kSuffix);
    return suffixed || equals_ignoring_case(essence, "application/json") || equals_ignoring_case(essence, "text/json");
}

// Whether the type's charset is one in which the bytes of JSON mean the same as in UTF-8.
bool has_plain_charset(std::string_view type) {
    constexpr std::string_view kName = "charset=";
    std::size_t semicolon = type.find(';');
    while (semicolon != std::string_view::npos) {
        type.remove_prefix(semicolon + 1);
        semicolon = type.find(';');
        std::string_view parameter = trim(type.substr(0, semicolon));
        if (parameter.size() < kName.size() || !equals_ignoring_case(parameter.substr(0, kName.size()), kName))
            continue;
        parameter.remove_prefix(kName.size());
        if (parameter.size() >= 2 && parameter.front() == '"') parameter = parameter.substr(1, parameter.size() - 2);
        if (!equals_ignoring_case(parameter, "utf-8") && !equals_ignoring_case(parameter, "utf8") &&
            !equals_ignoring_case(parameter, "us-ascii")) {
            return false;
        }
    }
    return true;
}

// Fields that describe the body to every recipient (RFC 9110 section 7.6.1): a caller must not have them removed.
bool names_a_body_field(const http::FieldTable& fields) {
    if (!fields.has(http::FieldId::connection)) return false;
    bool found = false;
    for (const http::Field& field : fields) {
        if (field.id != http::FieldId::connection) continue;
        http::for_each_member(field.value, [&](std::string_view member) {
            found |= equals_ignoring_case(member, "content-type") || equals_ignoring_case(member, "content-encoding");
        });
    }
    return found;
}

}  // namespace

BodyForm body_form(const http::FieldTable& fields, Api api, bool counts) {
    const http::Field* type = fields.find(http::FieldId::content_type);
    if (ai::is_known(api)) {
        const bool form = type != nullptr && api == Api::videos && is_form(essence_of(type->value));
        return form ? BodyForm::form : BodyForm::json;
    }
    // Servers that accept JSON treat a body without a type as JSON.
    if (type == nullptr) return counts || api == Api::other ? BodyForm::json : BodyForm::unread;
    if (is_json(essence_of(type->value))) return BodyForm::json;
    return counts && is_form(essence_of(type->value)) ? BodyForm::form : BodyForm::unread;
}

BodyFault fault_of_body_fields(const http::FieldTable& fields, Api api, http::ContentCoding coding) {
    const http::Field* type = fields.find(http::FieldId::content_type);
    const bool two = type != nullptr && std::any_of(type + 1, fields.end(), [](const http::Field& field) {
                         return field.id == http::FieldId::content_type;
                     });
    if (two) return {Reason::bad_request, "there are two Content-Types"};
    if (names_a_body_field(fields)) {
        return {Reason::bad_request, "Connection names a field that says what the body is"};
    }
    if (!ai::is_known(api)) return {};
    if (coding == http::ContentCoding::unknown) return {Reason::unsupported_coding, {}};
    if (type == nullptr) return {};
    if (type->value.size() > kLongestType) return {Reason::bad_request, "Content-Type is longer than 512 bytes"};
    if (essence_of(type->value).find(',') != std::string_view::npos) {
        return {Reason::bad_request, "there are two types in Content-Type"};
    }
    if (is_form(essence_of(type->value)) && api != Api::videos) {
        return {Reason::unsupported_media, "this call takes JSON, and the body is said to be a form"};
    }
    if (!has_plain_charset(type->value)) {
        return {Reason::unsupported_media, "JSON is in UTF-8, and the body is said to be in another charset"};
    }
    return {};
}

}  // namespace weir::downstream
