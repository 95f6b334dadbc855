// The second half of a delivery: passing the answer on.

#include <utility>

#include "ai/refusal.hpp"
#include "downstream/exchange/answer.hpp"
#include "downstream/exchange/delivery.hpp"

namespace weir::downstream {
namespace {

// The answer broke off by its endpoint's fault.
bool is_by_endpoint(RelayEnd end) { return end == RelayEnd::backend_died || end == RelayEnd::backend_stalled; }

}  // namespace

net::task<void> Delivery::relay(std::unique_ptr<upstream::Connection> connection, Dispatch& dispatch,
                                Progress& progress) {
    upstream::Endpoint& endpoint = *backend().find(connection->endpoint());
    const http::ResponseHead& head = client_.worker.response_head();
    outcome_.record.status = head.status;
    const ai::RequestFacts& facts = prompt_.facts();
    const bool reusable = head.keep_alive && dispatch.sent_all() && !caller_.upgrades();
    progress.begin(reading_of(head, inbound_, caller_, facts), prompt_.asked_usage(), prompt_.model_for_client());
    const bool streams_job = caller_.starts_job(facts.background) && facts.stream;
    if (streams_job || names_sticky(inbound_, caller_)) progress.keep_beginning();
    const http::OutboundFraming framing = plan_framing(head, inbound_, !progress.edits());
    // An early answer leaves the rest of the client's body unread: the next request could not be found after it.
    const bool close = !caller_.keeps_alive(inbound_) || !upload_.done() ||
                       framing.framing == http::Framing::until_close ||
                       client_.worker.state().draining.load(std::memory_order_relaxed);
    const bool is_good = !upstream::is_endpoint_error(head.status);
    Settlement settlement(inbound_, caller_, facts, progress, slot_, outcome_);
    Relay body(client_, probe_, progress, settlement, connection->stream(),
               http::BodyReader(head.framing, head.content_length),
               write_answer_head(client_, inbound_, caller_, prompt_, outcome_, head, framing, close),
               {.chunked_out = framing.framing == http::Framing::chunked,
                .event_stream = is_event_stream(head, facts) && !http::is_encoded(head.fields),
                .endpoint = &endpoint,
                .backend = is_good ? &backend() : nullptr,
                .idle_timeout = config().timeouts.idle,
                .total_deadline = total_deadline_});
    upload_.let_go();  // it is answered: it will not be sent again
    const RelayEnd end = co_await body.run(dispatch.rest());
    // What a client, or Weir, ends early was good as far as it went.
    const bool was_good = end == RelayEnd::complete || (!is_by_endpoint(end) && body.first_content() != TimePoint{});
    if (was_good && is_good) backend().completed(endpoint, client_.turn());
    if (end != RelayEnd::complete) broke_off(end, settlement, endpoint, body.heard_at());
    if (end == RelayEnd::complete && reusable && !body.excess()) give_back(std::move(connection));
    connection.reset();
    outcome_.record.bytes_out = body.content_bytes();
    if (body.first_content() != TimePoint{}) {
        outcome_.record.first_byte = body.first_content() - outcome_.arrived;
        if (caller_.ask.streams && outcome_.record.status < 300) {
            const Duration before = outcome_.waited + outcome_.record.overhead;
            backend().first_token(endpoint, outcome_.record.first_byte - before, client_.turn());
        }
    }
    if (end == RelayEnd::complete && !body.unsent().empty()) {
        const bool sent = co_await client_.send(body.unsent());
        if (!sent) outcome_.reason = client_.source().ready.broken ? Reason::client_gone : Reason::client_stalled;
    }
    outcome_.keep_open = !close && outcome_.is_good();
    if (outcome_.is_good()) co_return;
    // A clean end would be mistaken for a complete answer.
    const bool reported = co_await tell_of_break(body, progress);
    if (!reported) client_.stream->abort();
}

void Delivery::broke_off(RelayEnd end, Settlement& settlement, upstream::Endpoint& endpoint, TimePoint heard_at) {
    const TimePoint now = client_.turn();
    slot_.note_break(is_by_endpoint(end));
    if (end == RelayEnd::backend_died) backend().request_failed(endpoint, now);
    // An answer that exceeded `total` is not counted against the endpoint that was sending it.
    if (end == RelayEnd::backend_stalled) backend().request_timed_out(endpoint, heard_at, now);
    settlement.broke_off(end);
}

net::task<bool> Delivery::tell_of_break(Relay& body, const Progress& progress) {
    if (!body.can_add_event() || group(outcome_.reason) == ReasonGroup::client) co_return false;
    const std::string event = ai::word_stream_failure({.dialect = caller_.dialect,
                                                       .path = inbound_.path(),
                                                       .reason = outcome_.reason,
                                                       .request_id = inbound_.id,
                                                       .events = progress.events(),
                                                       .within_event = body.within_event()});
    if (event.empty()) co_return false;
    body.add(event);
    // Then the connection closes without the chunk that would end the body (RFC 9112 section 8).
    const bool sent = co_await client_.send(body.unsent());
    co_return sent;
}

}  // namespace weir::downstream
