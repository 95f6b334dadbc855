#include "downstream/exchange/refusal_reply.hpp"

#include <chrono>

#include "admission/advice.hpp"
#include "downstream/exchange/answer.hpp"
#include "downstream/exchange/reply.hpp"

namespace weir::downstream {
namespace {

constexpr std::uint64_t kShortBody = 64 * 1024;
// What is left of a body is waited for so long.
constexpr Duration kDrainTime = std::chrono::milliseconds(500);

admission::Advice advise(const Refusal& why, const Caller& caller, WorkerContext& worker) {
    const bool in_use = why.reason == Reason::idempotency_key_in_use;
    if (!is_shed(why.reason) && !in_use && group(why.reason) != ReasonGroup::internal) return {};
    const admission::RefusalConfig config =
        caller.route != nullptr ? caller.route->config.refusal : admission::RefusalConfig{};
    // It is unknown when the other request with its key will end.
    const Duration otherwise = in_use ? Duration(std::chrono::seconds(1)) : config.retry_after;
    const Duration wait = why.retry_after > Duration::zero() ? why.retry_after : otherwise;
    return admission::advise(why.reason, wait, config, worker.ids().random());
}

bool ends_connection(const Client& client, const Inbound& inbound, const Caller& caller, const Upload& upload,
                     Reason reason) {
    const bool waits_to_be_told = inbound.expects_continue && !upload.continued();
    const bool body_is_short = upload.done() || (inbound.framing == http::Framing::length && !waits_to_be_told &&
                                                 inbound.content_length <= kShortBody);
    // A client that stopped sending will not resume because of this answer (RFC 9110 section 15.5.9).
    return !caller.keeps_alive(inbound) || !body_is_short || reason == Reason::request_timeout ||
           client.worker.state().draining.load(std::memory_order_relaxed);
}

}  // namespace

net::task<void> refuse(Client& client, const Inbound& inbound, const Caller& caller, Upload& upload, const Refusal& why,
                       Outcome& outcome) {
    upload.let_go();
    outcome.note_refusal(why);
    if (is_shed(why.reason)) client.worker.be_wary();
    outcome.record.status = status_of(why.reason, caller.dialect);
    if (group(why.reason) == ReasonGroup::client) {
        client.stream->abort();
        co_return;
    }
    const bool close = ends_connection(client, inbound, caller, upload, why.reason);
    const admission::Advice advice = advise(why, caller, client.worker);
    const ai::RateFields rates = rate_fields(caller, client.turn());
    const std::string text = write_reply(
        {.reason = why.reason,
         .dialect = caller.dialect,
         .detail = why.detail,
         .request_id = inbound.id,
         .class_name = caller.route != nullptr ? std::string_view(caller.route->config.name) : std::string_view{},
         .retry_after = advice.retry_after,
         .tell_no_retry = advice.do_not_retry,
         .rate_fields = rates.text(),
         .cors_fields = inbound.cors_fields,
         .attempts = outcome.record.attempts,
         .close = close,
         .to_head = inbound.method() == "HEAD"});
    const bool sent = co_await client.send(text);
    if (sent && !close) outcome.keep_open = co_await upload.drain(client.turn() + kDrainTime);
}

}  // namespace weir::downstream
