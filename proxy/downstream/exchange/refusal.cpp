#include "downstream/exchange/refusal.hpp"

namespace weir::downstream {

Passed refused(const admission::Decision& decision) {
    return refused(Refusal{.reason = decision.reason,
                           .retry_after = decision.retry_after,
                           .gate = name(decision.gate),
                           .limit = decision.limit,
                           .observed = decision.observed});
}

Reason reason_of(DispatchEnd end) {
    switch (end) {
        case DispatchEnd::bad_response: return Reason::backend_bad_response;
        case DispatchEnd::timed_out: return Reason::backend_timeout;
        case DispatchEnd::overdue: return Reason::total_timeout;
        case DispatchEnd::client_gone: return Reason::client_gone;
        case DispatchEnd::bad_body: return Reason::bad_request;
        case DispatchEnd::body_too_large: return Reason::body_too_large;
        case DispatchEnd::body_timed_out: return Reason::request_timeout;
        case DispatchEnd::evicted: return Reason::evicted;
        default: return Reason::backend_reset;
    }
}

Reason reason_of(RelayEnd end) {
    switch (end) {
        case RelayEnd::backend_stalled: return Reason::backend_timeout;
        case RelayEnd::overdue: return Reason::total_timeout;
        case RelayEnd::client_gone: return Reason::client_gone;
        case RelayEnd::client_stalled: return Reason::client_stalled;
        case RelayEnd::evicted: return Reason::evicted;
        default: return Reason::backend_died;
    }
}

}  // namespace weir::downstream
