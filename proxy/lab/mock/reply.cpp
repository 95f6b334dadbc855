#include "lab/mock/reply.hpp"

#include <fmt/format.h>

#include "base/json_text.hpp"

namespace weir::mock {
namespace {

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

}  // namespace weir::mock
