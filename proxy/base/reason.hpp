#pragma once
// Why a request ended the way it did: one closed vocabulary.
//
// The same word is the `x-weir-decision` header, the `reason` label of the metrics and the `reason` field of the log,
// so that what a caller received can be found in what the operator has. Nothing else in Weir names an outcome.

#include <array>
#include <cstdint>
#include <string_view>

namespace weir {

// What kind of outcome a reason is. Alerts and SDK behaviour depend on the difference between limits (the caller is
// over its limits: 429) and overload (Weir is full: 503 or 529).
enum class ReasonGroup : std::uint8_t {
    admitted,  // the backend's answer was passed on
    limits,    // refused: the caller's own limits
    overload,  // refused: no capacity for this class now
    request,   // refused: the request itself cannot be served as it is
    backend,   // admitted, but the backend failed
    client,    // the client left
    internal,  // Weir's own state: draining, memory, a fault
};

// name, group, the clause that a caller may read
#define WEIR_REASONS(X)                                                                            \
    X(admitted, admitted, "served at once")                                                        \
    X(admitted_after_wait, admitted, "served after waiting in the queue")                          \
    X(exempt, admitted, "served outside the limits")                                               \
    X(class_rate, limits, "this traffic class is over its request rate")                           \
    X(class_concurrency, limits, "this traffic class has too many requests at once")               \
    X(client_rate, limits, "you are over your request rate")                                       \
    X(class_tokens, limits, "this traffic class is over its token rate")                           \
    X(client_tokens, limits, "you are over your token rate")                                       \
    X(class_video, limits, "this traffic class is over its rate of video")                         \
    X(client_video, limits, "you are over your rate of video")                                     \
    X(client_concurrency, limits, "you have too many requests at once")                            \
    X(queue_full, overload, "the service is full and the queue of this traffic class is full")     \
    X(displaced, overload, "the service is full and a request with a better claim took its place") \
    X(queue_timeout, overload, "the service is full and the request waited as long as it may")     \
    X(deadline_expired, overload, "the service is full and the caller's own deadline passed")      \
    X(no_endpoint, overload, "no server of the backend is available")                              \
    X(evicted, overload, "the service is full and the answer was cut short for a better claim")    \
    X(bad_request, request, "the request is malformed")                                            \
    X(head_too_large, request, "the request head is too large")                                    \
    X(target_too_long, request, "the request target is too long")                                  \
    X(body_too_large, request, "the request body is too large")                                    \
    X(unsupported_media, request, "the request body is of a kind that this call does not take")    \
    X(unsupported_coding, request, "the request body has a Content-Encoding that is not known")    \
    X(request_timeout, request, "the request did not arrive in time")                              \
    X(expectation_failed, request, "the expectation in the request cannot be met")                 \
    X(not_implemented, request, "the request asks for something Weir does not do")                 \
    X(method_not_allowed, request, "this method is not passed on")                                 \
    X(version_unsupported, request, "the HTTP version is not supported")                           \
    X(loop_detected, request, "the request has passed through here before")                        \
    X(max_forwards, request, "the request was answered here because Max-Forwards ran out")         \
    X(preflight, request, "a browser's preflight was answered here")                               \
    X(idempotency_key_in_use, request, "a request with this idempotency key is being served")      \
    X(unauthorized, request, "a valid API key is required")                                        \
    X(backend_unreachable, backend, "the backend could not be reached")                            \
    X(backend_reset, backend, "the backend closed the connection before it answered")              \
    X(backend_bad_response, backend, "the backend's answer was not valid HTTP")                    \
    X(backend_timeout, backend, "the backend did not answer in time")                              \
    X(backend_died, backend, "the backend failed in the middle of its answer")                     \
    X(total_timeout, backend, "the request took longer than it may in all")                        \
    X(client_gone, client, "the client closed the connection")                                     \
    X(client_stalled, client, "the client stopped reading")                                        \
    X(draining, internal, "the server is shutting down")                                           \
    X(connection_limit, internal, "too many connections")                                          \
    X(memory_pressure, internal, "the server is short of memory for request bodies")               \
    X(internal_error, internal, "the server failed to handle the request")

enum class Reason : std::uint8_t {
#define WEIR_REASON_ENUM(name, group, text) name,
    WEIR_REASONS(WEIR_REASON_ENUM)
#undef WEIR_REASON_ENUM
};

struct ReasonInfo {
    Reason reason;
    ReasonGroup group;
    std::string_view name;  // the label: lower case, underscores
    std::string_view text;  // a clause for people, without a full stop
};

inline constexpr auto kReasons = std::to_array<ReasonInfo>({
#define WEIR_REASON_ROW(name, group, text) {Reason::name, ReasonGroup::group, #name, text},
    WEIR_REASONS(WEIR_REASON_ROW)
#undef WEIR_REASON_ROW
});
inline constexpr std::size_t kReasonCount = kReasons.size();

[[nodiscard]] constexpr const ReasonInfo& info(Reason reason) { return kReasons[static_cast<std::size_t>(reason)]; }
[[nodiscard]] constexpr std::string_view name(Reason reason) { return info(reason).name; }
[[nodiscard]] constexpr ReasonGroup group(Reason reason) { return info(reason).group; }

// Whether this reason is a refusal by the judge, counted in weir_shed_total.
[[nodiscard]] constexpr bool is_shed(Reason reason) {
    return group(reason) == ReasonGroup::limits || group(reason) == ReasonGroup::overload;
}

}  // namespace weir
