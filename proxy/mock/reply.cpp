#include "mock/reply.hpp"

#include <fmt/format.h>

#include <iterator>

#include "base/json_text.hpp"

namespace weir::mock {
namespace {

std::string_view phrase_of(int status) {
    switch (status) {
        case 200: return "OK";
        case 400: return "Bad Request";
        case 404: return "Not Found";
        case 405: return "Method Not Allowed";
        case 408: return "Request Timeout";
        case 413: return "Content Too Large";
        case 429: return "Too Many Requests";
        case 431: return "Request Header Fields Too Large";
        default: return "Internal Server Error";
    }
}

std::string json_string_or_null(std::string_view text) { return text.empty() ? "null" : json_string(text); }

}  // namespace

Reply error_reply(Dialect dialect, int status, const AskFault& fault) {
    const std::string_view type = status == 404 ? "not_found_error" : "invalid_request_error";
    if (dialect == Dialect::anthropic) {
        return {status, "application/json",
                fmt::format(R"({{"type":"error","error":{{"type":"{}","message":{}}},"request_id":null}})",
                            status == 413 ? "request_too_large" : type, json_string(fault.message))};
    }
    return {status, "application/json",
            fmt::format(R"({{"error":{{"message":{},"type":"{}","param":{},"code":{}}}}})", json_string(fault.message),
                        type, json_string_or_null(fault.param), json_string_or_null(fault.code))};
}

std::string write_reply(const Reply& reply, bool keep_alive, bool to_head) {
    std::string text = fmt::format("HTTP/1.1 {} {}\r\nContent-Type: {}\r\nContent-Length: {}\r\n", reply.status,
                                   phrase_of(reply.status), reply.content_type, reply.body.size());
    if (reply.status == 405) fmt::format_to(std::back_inserter(text), "Allow: {}\r\n", reply.allow);
    text.append(keep_alive ? "\r\n" : "Connection: close\r\n\r\n");
    return to_head ? text : text.append(reply.body);
}

std::string stream_head(bool chunked, bool keep_alive) {
    std::string text =
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\nCache-Control: no-cache\r\n";
    if (chunked) text.append("Transfer-Encoding: chunked\r\n");
    return text.append(keep_alive ? "\r\n" : "Connection: close\r\n\r\n");
}

}  // namespace weir::mock
