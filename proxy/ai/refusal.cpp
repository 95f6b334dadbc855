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
        case ReasonGroup::limits: {
            const bool tokens = reason == Reason::class_tokens || reason == Reason::client_tokens;
            return {tokens ? "tokens" : "requests", "rate_limit_exceeded"};
        }
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
        case ReasonGroup::limits: return "rate_limit_error";
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

// `"message":...,"type":...,"param":null,"code":...`
void append_openai_members(Reason reason, std::string_view detail, std::string& out) {
    const auto [type, code] = openai_error(reason);
    out.append(R"("message":)");
    append_json_string(out, message_of(reason, detail));
    out.append(R"(,"type":")").append(type).append(R"(","param":null,"code":")").append(code).append("\"");
}

// OpenAI documents `code` and `message` at the top and sends them within `error`: readers look in either place.
std::string word_responses_failure(const StreamFailure& failure) {
    const std::string_view code = openai_error(failure.reason).code;
    std::string body = R"({"type":"error","sequence_number":)" + std::to_string(failure.events);
    body.append(R"(,"code":")").append(code).append(R"(","message":)");
    append_json_string(body, message_of(failure.reason, {}));
    body.append(R"(,"param":null,"error":{)");
    append_openai_members(failure.reason, {}, body);
    return body.append("}}");
}

}  // namespace

RefusalText word_refusal(Dialect dialect, Reason reason, int status, std::string_view detail,
                         std::string_view request_id) {
    const std::string message = message_of(reason, detail);
    std::string body;
    switch (dialect) {
        case Dialect::openai: {
            body.append(R"({"error":{)");
            append_openai_members(reason, detail, body);
            body.append("}}");
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

std::string word_stream_failure(const StreamFailure& failure) {
    if (failure.dialect == Dialect::generic) return {};
    std::string text;
    if (failure.within_event) text.append(failure.dialect == Dialect::anthropic ? "\nevent: ping\n\n" : "\n\n");
    if (failure.dialect == Dialect::openai && failure.path.starts_with("/v1/responses")) {
        text.append("event: error\ndata: ").append(word_responses_failure(failure));
    } else {
        if (failure.dialect == Dialect::anthropic) text.append("event: error\n");
        text.append("data: ").append(word_refusal(failure.dialect, failure.reason, 0, {}, failure.request_id).body);
    }
    return text.append("\n\n");
}

}  // namespace weir::ai
