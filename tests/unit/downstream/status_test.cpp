#include <gtest/gtest.h>

#include <map>

#include "downstream/exchange/reply.hpp"

namespace weir::downstream {
namespace {

struct Row {
    Reason reason;
    int generic;
    int openai;
    int anthropic;
};

// The whole table, so that no status changes unnoticed.
constexpr Row kTable[] = {
    {Reason::admitted, 200, 200, 200},
    {Reason::admitted_after_wait, 200, 200, 200},
    {Reason::exempt, 200, 200, 200},
    {Reason::class_rate, 429, 429, 429},
    {Reason::class_tokens, 429, 429, 429},
    {Reason::client_tokens, 429, 429, 429},
    {Reason::class_video, 429, 429, 429},
    {Reason::client_video, 429, 429, 429},
    {Reason::class_concurrency, 429, 429, 429},
    {Reason::client_rate, 429, 429, 429},
    {Reason::client_concurrency, 429, 429, 429},
    {Reason::queue_full, 503, 503, 529},
    {Reason::displaced, 503, 503, 529},
    {Reason::queue_timeout, 503, 503, 529},
    {Reason::deadline_expired, 503, 503, 529},
    {Reason::no_endpoint, 503, 503, 529},
    {Reason::evicted, 503, 503, 529},
    {Reason::bad_request, 400, 400, 400},
    {Reason::head_too_large, 431, 431, 431},
    {Reason::target_too_long, 414, 414, 414},
    {Reason::body_too_large, 413, 413, 413},
    {Reason::request_timeout, 408, 408, 408},
    {Reason::unsupported_media, 415, 415, 415},
    {Reason::unsupported_coding, 415, 415, 415},
    {Reason::expectation_failed, 417, 417, 417},
    {Reason::not_implemented, 501, 501, 501},
    {Reason::method_not_allowed, 405, 405, 405},
    {Reason::version_unsupported, 505, 505, 505},
    {Reason::loop_detected, 508, 508, 508},
    {Reason::max_forwards, 200, 200, 200},
    {Reason::preflight, 204, 204, 204},
    {Reason::idempotency_key_in_use, 409, 409, 409},
    {Reason::unauthorized, 401, 401, 401},
    {Reason::backend_unreachable, 502, 502, 502},
    {Reason::backend_reset, 502, 502, 502},
    {Reason::backend_bad_response, 502, 502, 502},
    {Reason::backend_timeout, 504, 504, 504},
    {Reason::backend_died, 502, 502, 502},
    {Reason::total_timeout, 504, 504, 504},
    {Reason::client_gone, 499, 499, 499},
    {Reason::client_stalled, 499, 499, 499},
    {Reason::draining, 503, 503, 503},
    {Reason::connection_limit, 503, 503, 503},
    {Reason::memory_pressure, 503, 503, 503},
    {Reason::internal_error, 500, 500, 500},
};

TEST(StatusOf, IsWhatItsTableSays) {
    for (const Row& row : kTable) {
        EXPECT_EQ(status_of(row.reason, Dialect::generic), row.generic) << name(row.reason);
        EXPECT_EQ(status_of(row.reason, Dialect::openai), row.openai) << name(row.reason);
        EXPECT_EQ(status_of(row.reason, Dialect::anthropic), row.anthropic) << name(row.reason);
    }
}

TEST(StatusOf, HasARowForEveryReason) {
    std::map<Reason, int> rows;
    for (const Row& row : kTable) ++rows[row.reason];
    for (const ReasonInfo& reason : kReasons) EXPECT_EQ(rows[reason.reason], 1) << reason.name;
}

}  // namespace
}  // namespace weir::downstream
