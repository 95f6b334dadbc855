#include "downstream/exchange/reply.hpp"

#include <array>
#include <chrono>
#include <ctime>

#include "ai/refusal.hpp"
#include "http/content_coding.hpp"

namespace weir::downstream {
namespace {

std::string_view phrase_of(int status) {
    switch (status) {
        case 200: return "OK";
        case 204: return "No Content";
        case 400: return "Bad Request";
        case 401: return "Unauthorized";
        case 405: return "Method Not Allowed";
        case 408: return "Request Timeout";
        case 409: return "Conflict";
        case 413: return "Content Too Large";
        case 414: return "URI Too Long";
        case 415: return "Unsupported Media Type";
        case 417: return "Expectation Failed";
        case 429: return "Too Many Requests";
        case 431: return "Request Header Fields Too Large";
        case 500: return "Internal Server Error";
        case 501: return "Not Implemented";
        case 502: return "Bad Gateway";
        case 503: return "Service Unavailable";
        case 504: return "Gateway Timeout";
        case 505: return "HTTP Version Not Supported";
        case 508: return "Loop Detected";
        case 529: return "Overloaded";
        default: return "Error";
    }
}

// RFC 9110 section 6.6.1: a server that generates an answer and has a clock sends a Date.
std::string http_date() {
    const std::time_t now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
    std::tm parts{};
    gmtime_r(&now, &parts);
    std::array<char, 32> text;
    return {text.data(), std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S GMT", &parts)};
}

int status_of_request(Reason reason) {
    switch (reason) {
        case Reason::head_too_large: return 431;
        case Reason::target_too_long: return 414;
        case Reason::body_too_large: return 413;
        case Reason::unsupported_media:
        case Reason::unsupported_coding: return 415;
        case Reason::request_timeout: return 408;
        case Reason::expectation_failed: return 417;
        case Reason::method_not_allowed: return 405;
        case Reason::not_implemented: return 501;
        case Reason::version_unsupported: return 505;
        case Reason::loop_detected: return 508;
        case Reason::max_forwards: return 200;
        case Reason::preflight: return 204;
        case Reason::idempotency_key_in_use: return 409;
        case Reason::unauthorized: return 401;
        default: return 400;
    }
}

}  // namespace

int status_of(Reason reason, Dialect dialect) {
    switch (group(reason)) {
        case ReasonGroup::admitted: return 200;
        case ReasonGroup::limits: return 429;
        case ReasonGroup::overload: return dialect == Dialect::anthropic ? 529 : 503;
        case ReasonGroup::request: return status_of_request(reason);
        case ReasonGroup::backend:
            return reason == Reason::backend_timeout || reason == Reason::total_timeout ? 504 : 502;
        case ReasonGroup::client: return 499;
        case ReasonGroup::internal: break;
    }
    return reason == Reason::internal_error ? 500 : 503;
}

std::string write_reply(const Reply& reply) {
    const int status = status_of(reply.reason, reply.dialect);
    const ai::RefusalText text = ai::word_refusal(reply.dialect, reply.reason, status, reply.detail, reply.request_id);
    std::string out;
    out.reserve(512 + text.body.size());
    out.append("HTTP/1.1 ").append(std::to_string(status)).append(" ").append(phrase_of(status));
    out.append("\r\nDate: ").append(http_date());
    const bool has_content = status != 204;
    if (has_content) {
        out.append("\r\nContent-Type: ").append(text.content_type);
        out.append("\r\nContent-Length: ").append(std::to_string(text.body.size()));
    }
    out.append("\r\nX-Request-Id: ").append(reply.request_id);
    // The field that Anthropic's SDKs read.
    if (reply.dialect == Dialect::anthropic) out.append("\r\nRequest-Id: ").append(reply.request_id);
    out.append("\r\nX-Weir-Decision: ").append(name(reply.reason));
    if (reply.attempts > 1) out.append("\r\nX-Weir-Attempts: ").append(std::to_string(reply.attempts));
    if (!reply.class_name.empty()) out.append("\r\nX-Weir-Class: ").append(reply.class_name);
    if (reply.retry_after > Duration::zero()) {
        const auto ms = std::chrono::ceil<std::chrono::milliseconds>(reply.retry_after).count();
        out.append("\r\nRetry-After: ").append(std::to_string((ms + 999) / 1000));
        out.append("\r\nRetry-After-Ms: ").append(std::to_string(ms));
    }
    // RFC 9110 section 15.5.16: the codings that would have been accepted.
    if (reply.reason == Reason::unsupported_coding) {
        out.append("\r\nAccept-Encoding: ").append(http::kDecodedCodings);
    }
    // RFC 9110 section 15.5.6 requires a list, and any token is a method: these are the common ones.
    if (reply.reason == Reason::method_not_allowed) {
        out.append("\r\nAllow: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS");
    }
    if (reply.tell_no_retry) out.append("\r\nX-Should-Retry: false");
    if (reply.close) out.append("\r\nConnection: close");
    out.append("\r\n").append(reply.rate_fields).append(reply.cors_fields).append("\r\n");
    if (has_content && !reply.to_head) out.append(text.body);
    return out;
}

}  // namespace weir::downstream
