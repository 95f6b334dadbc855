#pragma once
// Answers that Weir makes itself: the only place where a reason becomes a status.

#include <string>
#include <string_view>

#include "base/dialect.hpp"
#include "base/reason.hpp"
#include "base/time.hpp"

namespace weir::downstream {

// 429 means that the caller is over its limits, 503 (529 in Anthropic's dialect) that Weir is full: alerts and SDKs
// depend on the difference. 499 is never sent; it is logged for a client that left.
[[nodiscard]] int status_of(Reason reason, Dialect dialect);

struct Reply {
    Reason reason = Reason::internal_error;
    Dialect dialect = Dialect::generic;
    std::string_view detail;  // what is wrong with this request; may be empty
    std::string_view request_id;
    std::string_view class_name;     // empty: refused before it was classified
    Duration retry_after{};          // zero: no advice
    bool tell_no_retry = false;      // coming back is useless
    std::string_view rate_fields{};  // lines about the caller's rates; may be empty
    std::string_view cors_fields{};  // lines for a page in a browser; may be empty
    int attempts = 0;                // how often the request was sent to a backend
    bool close = true;               // the connection ends after it
    bool to_head = false;            // an answer to HEAD: no body
};

// The whole answer. retry-after is in seconds, rounded up; retry-after-ms is exact.
[[nodiscard]] std::string write_reply(const Reply& reply);

}  // namespace weir::downstream
