#include "ai/refusal.hpp"

#include "base/json_text.hpp"

namespace weir::ai {
namespace {

struct OpenAiError {
    std::string_view type;
    std::string_view code;
};

OpenAiError openai_error(Reason reason) {
    switch (group(reason)) {
        case ReasonGroup::contract: return {"requests", "rate_limit_exceeded"};
        case ReasonGroup::overload: return {"service_unavailable_error", "server_is_overloaded"};
        case ReasonGroup::request:
            return reason == Reason::unauthorized ? OpenAiError{"invalid_request_error", "invalid_api_key"}
                                                  : OpenAiError{"invalid_request_error", name(reason)};
        default: return {"server_error", name(reason)};
    }
}

// https://docs.anthropic.com/en/api/errors
std::string_view anthropic_type(Reason reason) {
    switch (group(reason)) {
        case ReasonGroup::contract: return "rate_limit_error";
        case ReasonGroup::overload: return "overloaded_error";
        case ReasonGroup::request:
            if (reason == Reason::unauthorized) return "authentication_error";
            return reason == Reason::body_too_large ? "request_too_large" : "invalid_request_error";
        default: return reason == Reason::backend_timeout ? "timeout_error" : "api_error";
    }
}

std::string message_of(Reason reason, std::string_view detail) {
    std::string message(info(reason).text);
    if (!detail.empty()) message.append(": ").append(detail);
    return message;
}

}  // namespace

RefusalText word_refusal(Dialect dialect, Reason reason, int status, std::string_view detail,
                         std::string_view request_id) {
    const std::string message = message_of(reason, detail);
    std::string body;
    switch (dialect) {
        case Dialect::openai: {
            const auto [type, code] = openai_error(reason);
            body.append(R"({"error":{"message":)");
            append_json_string(body, message);
            body.append(R"(,"type":")").append(type).append(R"(","param":null,"code":")").append(code).append("\"}}");
            return {"application/json", std::move(body)};
        }
        case Dialect::anthropic:
            body.append(R"({"type":"error","error":{"type":")")
                .append(anthropic_type(reason))
                .append(R"(","message":)");
            append_json_string(body, message);
            body.append(R"(},"request_id":)");
            append_json_string(body, request_id);
            body.append("}");
            return {"application/json", std::move(body)};
        case Dialect::generic: break;
    }
    body.append(R"({"type":"about:blank","title":)");
    append_json_string(body, info(reason).text);
    body.append(R"(,"status":)").append(std::to_string(status)).append(R"(,"detail":)");
    append_json_string(body, message);
    body.append(R"(,"reason":")").append(name(reason)).append(R"(","request_id":)");
    append_json_string(body, request_id);
    body.append("}");
    return {"application/problem+json", std::move(body)};
}

}  // namespace weir::ai
