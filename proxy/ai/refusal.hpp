#pragma once
// The wording of a refusal, so that the caller's SDK raises the error its author intended for the case.

#include <cstdint>
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
// "request_id"}. Otherwise a problem document (RFC 9457). `detail` follows the reason's own text and may be empty.
[[nodiscard]] RefusalText word_refusal(Dialect dialect, Reason reason, int status, std::string_view detail,
                                       std::string_view request_id);

// The failure of an event stream, reported within the stream because its status has already been sent.
struct StreamFailure {
    Dialect dialect = Dialect::generic;
    std::string_view path{};  // of the request: OpenAI's Responses API has its own format
    Reason reason = Reason::backend_died;
    std::string_view request_id{};
    std::uint32_t events = 0;   // sent so far: the Responses API numbers its events
    bool within_event = false;  // the stream broke off in the middle of an event
};

// The dialect's error event, with what must precede it; empty for the generic dialect, which has none. OpenAI: `data:
// {"error":{...}}`; in the Responses API `event: error` with a `type` and a number. Anthropic: `event: error`.
//
// Half an event cannot be taken back. It is closed, so that the error is an event of its own: in Anthropic's dialect as
// a `ping`, which readers skip (of several `event` fields the last counts, WHATWG HTML section 9.2.6); in OpenAI's,
// which has no such event, as it is, so a reader that stops at what it cannot parse fails there.
[[nodiscard]] std::string word_stream_failure(const StreamFailure& failure);

}  // namespace weir::ai
