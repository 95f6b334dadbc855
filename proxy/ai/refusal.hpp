#pragma once
// How a refusal is worded, so that the caller's SDK raises the error its author meant for this case.

#include <string>
#include <string_view>

#include "base/dialect.hpp"
#include "base/reason.hpp"

namespace weir::ai {

struct RefusalText {
    std::string_view content_type;
    std::string body;  // JSON
};

// OpenAI: {"error":{"message","type","param","code"}}. Anthropic: {"type":"error","error":{"type","message"},
// "request_id"}. Otherwise a problem document (RFC 9457). `detail` follows the reason's own sentence, and may be empty.
[[nodiscard]] RefusalText word_refusal(Dialect dialect, Reason reason, int status, std::string_view detail,
                                       std::string_view request_id);

}  // namespace weir::ai
