#include "downstream/exchange.hpp"

#include <algorithm>
#include <exception>
#include <optional>
#include <utility>

#include "admission/advice.hpp"
#include "ai/refusal.hpp"
#include "downstream/worker.hpp"
#include "http/forward.hpp"

namespace weir::downstream {
namespace {

using admission::Standing;

// What failed in a way that another endpoint might not.
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

}  // namespace

class Exchange::AnswerEnd final : public Relay::Observer {
public:
    AnswerEnd(Exchange& exchange, const Progress& progress) : exchange_(exchange), progress_(progress) {}
    void answer_is_in() override { exchange_.settle(progress_); }

private:
    Exchange& exchange_;
    const Progress& progress_;
};

Exchange::Exchange(ClientLink& link)
    : link_(link),
      ticket_(link.waker),
      presence_(link),
      request_id_(link.worker.next_request_id()),
      head_(link.worker.texts().take()),
      arrived_(link.worker.loop().batch_time()) {
    record_.listener = link.listener;
    record_.source = link.peer;
}

Exchange::~Exchange() {
    release();
    hold(0);
    // Out of memory, say: the connection's catch ends it, and the record must not call it served.
    if (std::uncaught_exceptions() > 0) reason_ = Reason::internal_error;
    try {
        tell_record();
    } catch (const std::exception& error) {
        link_.worker.loop().note_fault(error.what());
    }
    link_.worker.texts().give(std::move(head_));
}

void Exchange::tell_record() {
    record_.reason = reason_;
    record_.duration = link_.now() - arrived_;
    record_.request_id = request_id_;
    record_.method = method();
    if (method_size_ > 0) record_.path = path();
    record_.bytes_in += body_reader_.content_bytes();
    link_.worker.recorder().record(record_);
}

net::task<bool> Exchange::run() {
    bool going = reason_ == Reason::admitted;  // steps 1 to 3: well-formed, no loop, not refused early
    if (going && !body_reader_.done()) going = co_await read_body();  // step 4: so that waiting holds nothing upstream
    if (going) {                                                      // steps 5 and 6: contract, line
        if (take_place() == Standing::waiting) co_await wait_in_line();
        note_shadow();
        going = reason_ == Reason::admitted;
    }
    if (going) going = co_await serve();  // steps 7 to 9
    if (!going) co_await refuse();
    co_return keep_open_;
}

bool Exchange::certainly_refused() {
    if (!open_.empty()) return false;  // by which line is not known before the body is
    // What its body asks for may yet be served elsewhere.
    if (!route_->detours.empty()) return false;
    const auto decision = route_->judge->refuse_early(ask_, arrived_);
    if (!decision) return false;
    fail_from(*decision);
    return true;
}

Standing Exchange::take_place() {
    ticket_.came_by(route_->backend.get());
    const Standing standing = route_->judge->arrive(ticket_, ask_, link_.turn());
    if (standing == Standing::ended) fail_from(ticket_.decision());
    return standing;
}

net::task<void> Exchange::wait_in_line() {
    SharedJudge& judge = *route_->judge;
    const TimePoint began = link_.turn();
    while (!ticket_.told()) {
        if (presence_.gone(Presence::kInterim) && judge.leave(ticket_, link_.turn())) {
            fail(Reason::client_gone);
            break;
        }
        link_.timer.set(judge.next_expiry());
        co_await link_.waker.wait();
        if (!ticket_.told() && link_.turn() >= judge.next_expiry()) judge.expire(link_.turn());
    }
    const Duration waited = link_.turn() - began;
    record_.queue += waited;
    waited_ += waited;
    if (ticket_.told() && ticket_.standing() == Standing::ended) fail_from(ticket_.decision());
    if (link_.source().ready.broken) fail(Reason::client_gone);
}

net::task<bool> Exchange::requeue() {
    reason_ = Reason::admitted;
    const Standing standing = route_->judge->requeue(ticket_, link_.turn());
    if (standing == Standing::waiting) co_await wait_in_line();
    if (standing == Standing::ended) fail_from(ticket_.decision());
    co_return reason_ == Reason::admitted;
}

upstream::Backend& Exchange::backend() const {
    upstream::Backend* granted = ticket_.granted_by();
    return granted != nullptr ? *granted : *route_->backend;
}

net::task<bool> Exchange::serve() {
    total_deadline_ = link_.turn() + route_->backend->config().timeouts.total;
    bool going = true;
    // Whoever was woken together reads first, then all send: the code of each is warm then, and a receiver that one
    // send has woken is awake for the next.
    if (link_.worker.loop().others_wait()) co_await link_.waker.yield();
    while (going) {
        ++tries_.all;
        const Attempt attempt = co_await try_endpoint();
        if (attempt == Attempt::served) co_return true;
        if (attempt == Attempt::hopeless || consumed_body_) break;
        if (!may_try_again(repeat_of(method(), facts_.api), tries_)) break;
        if (attempt == Attempt::stale) {
            reason_ = Reason::admitted;
        } else {
            going = co_await requeue();
        }
    }
    co_return false;
}

net::task<Exchange::Attempt> Exchange::try_endpoint() {
    upstream::Endpoint* endpoint = backend().find(ticket_.decision().endpoint);
    if (endpoint == nullptr) {  // only where there was no memory to tell of it in time
        fail(Reason::backend_unreachable);
        co_return Attempt::lost;
    }
    record_.endpoint = endpoint->id();
    std::optional<upstream::OpenWebSocket> websocket;
    std::optional<ClientWebSockets::Place> of_client;
    if (upgrades_) {
        // A class that depends on the body may have led to a backend without.
        const auto& limits = route_->backend->config().websocket;
        websocket.emplace(endpoint->counters, limits ? limits->connections : 0);
        if (!websocket->counted()) {
            fail(Reason::connection_limit, "WebSockets to this endpoint");
            co_return Attempt::hopeless;
        }
        of_client.emplace(link_.worker.state().websockets, ask_.client, limits->connections_per_client);
        if (!of_client->counted()) {
            fail(Reason::connection_limit, "WebSockets of this client");
            co_return Attempt::hopeless;
        }
    }
    std::unique_ptr<upstream::Connection> connection = take_idle(*endpoint);
    if (!connection) connection = co_await connect(*endpoint);
    // Another endpoint may be reached; there are descriptors for none when there are not for one.
    const bool elsewhere = reason_ != Reason::client_gone && reason_ != Reason::connection_limit;
    if (!connection) co_return elsewhere ? Attempt::lost : Attempt::hopeless;
    const std::string_view head = head_;
    const OutboundRequest outbound{head.substr(0, host_at_),
                                   endpoint->authority(),
                                   head.substr(host_at_),
                                   &body_,
                                   body_reader_.done() ? nullptr : &body_reader_,
                                   framing_,
                                   method() == "HEAD",
                                   upgrades_};
    Progress progress(*route_->judge, ticket_);
    Dispatch dispatch(link_, presence_, progress, *connection, outbound, route_->backend->config().timeouts,
                      answer_timeout(), total_deadline_, minor_version_);
    record_.overhead = link_.now() - arrived_ - waited_;
    const DispatchEnd end = co_await dispatch.run();
    consumed_body_ |= dispatch.consumed_body();
    if (end == DispatchEnd::answered) {
        if (link_.worker.response_head().status == 101) {
            co_await tunnel(std::move(connection), dispatch.rest());
        } else {
            co_await relay(std::move(connection), dispatch, progress);
        }
        co_return Attempt::served;
    }
    fail_from(end, *endpoint, dispatch.waited_since());
    if (end != DispatchEnd::stale && end != DispatchEnd::reset) co_return Attempt::hopeless;
    if (!dispatch.certainly_unprocessed()) ++tries_.risked;
    // Who had closed before the request was there will take it; who may have died of it is not asked first.
    co_return end == DispatchEnd::stale&& dispatch.certainly_unprocessed() ? Attempt::stale : Attempt::lost;
}

void Exchange::fail(Reason reason, std::string_view detail) {
    reason_ = reason;
    detail_ = detail;
}

void Exchange::note_shadow() {
    if (reason_ != Reason::admitted || !ticket_.decision().shadow) return;
    record_.shadow = true;
    record_.shadow_reason = ticket_.decision().reason;
    note_gate(ticket_.decision());
}

void Exchange::note_gate(const admission::Decision& decision) {
    record_.gate = name(decision.gate);
    record_.limit = decision.limit;
    record_.observed = decision.observed;
}

void Exchange::fail_from(const admission::Decision& decision) {
    fail(decision.reason);
    note_gate(decision);
    retry_after_ = decision.retry_after;
}

void Exchange::fail_from(DispatchEnd end, upstream::Endpoint& endpoint, TimePoint since) {
    // Whoever gave up on it, the engine has read the prompt, or was about to.
    const bool was_wanted = end == DispatchEnd::evicted || end == DispatchEnd::client_gone ||
                            end == DispatchEnd::timed_out || end == DispatchEnd::overdue;
    if (was_wanted && ask_.prompt_tokens > 0) {
        record_.tokens_in = {ask_.prompt_tokens, telemetry::TokenSource::estimated};
    }
    if (end == DispatchEnd::evicted) return fail_from(ticket_.eviction());
    fail(reason_of(end));
    const TimePoint now = link_.turn();
    if (end == DispatchEnd::timed_out || end == DispatchEnd::overdue) {
        backend().request_timed_out(endpoint, since, now);
    } else if (group(reason_) == ReasonGroup::backend && end != DispatchEnd::stale) {
        // A connection that lay idle too long says nothing about the endpoint.
        backend().request_failed(endpoint, now);
    }
}

void Exchange::fail_from(RelayEnd end, const Progress& progress, upstream::Endpoint& endpoint, TimePoint heard_at) {
    fail(reason_of(end));
    // Else only its last bytes were not taken.
    if (ticket_.standing() == Standing::running) note_tokens(progress, false);
    if (end == RelayEnd::evicted) note_gate(ticket_.eviction());
    if (is_job() && facts_.stream) note_streamed_job(progress);
    if (end == RelayEnd::backend_died) backend().request_failed(endpoint, link_.turn());
    // That an answer was too long for `total` is not held against who was giving it.
    if (end == RelayEnd::backend_stalled) backend().request_timed_out(endpoint, heard_at, link_.turn());
    release();
}

void Exchange::release() {
    if (ticket_.standing() == Standing::running) {
        const bool made = record_.status >= 200 && record_.status < 300;
        const admission::Tokens spent{record_.tokens_in.tokens, record_.tokens_out.tokens,
                                      made ? ask_.video_seconds : 0};
        route_->judge->finish(ticket_, link_.turn(), spent);
    }
    // Only where something was thrown in line: else it is waited for.
    if (ticket_.standing() == Standing::waiting) (void)route_->judge->leave(ticket_, link_.turn());
    if (!idempotency_key_) return;
    link_.worker.state().idempotency_keys.end(*idempotency_key_);
    idempotency_key_.reset();
}

void Exchange::hold(std::size_t bytes) {
    if (bytes == held_) return;
    const auto delta = static_cast<std::int64_t>(bytes) - static_cast<std::int64_t>(held_);
    link_.worker.state().buffered_bytes.fetch_add(delta, std::memory_order_relaxed);
    link_.worker.recorder().buffered(delta);
    held_ = bytes;
}

http::OutboundFraming Exchange::plan_answer(const http::ResponseHead& head, bool keeps_length) {
    http::OutboundFraming framing{head.framing, head.content_length};
    const bool has_length = framing.framing == http::Framing::length || framing.framing == http::Framing::none;
    if (!has_length || (!keeps_length && framing.framing == http::Framing::length)) {
        framing.framing = minor_version_ >= 1 ? http::Framing::chunked : http::Framing::until_close;
    }
    // An early answer leaves the rest of the client's body unread: nobody could find the next request behind it.
    close_after_ = !keep_alive_ || !body_reader_.done() || framing.framing == http::Framing::until_close ||
                   link_.worker.state().draining.load(std::memory_order_relaxed);
    const bool bodiless = method() == "HEAD" || head.status == 204 || head.status == 304;
    if (!bodiless && framing.framing == http::Framing::none) framing.framing = http::Framing::length;
    return framing;
}

std::string Exchange::write_answer_head(const http::ResponseHead& head, const http::OutboundFraming& framing) const {
    std::string text = link_.worker.texts().take();
    text.reserve(512);
    const ai::RateFields rates = rate_fields();
    http::write_response_head(head,
                              {.request_id = request_id_,
                               .pseudonym = link_.worker.state().pseudonym,
                               .close = close_after_,
                               .minor_version = minor_version_,
                               .head_only = method() == "HEAD" || head.status == 304,
                               .websocket = head.status == 101,
                               .service_tier = degraded_tier_.empty() ? route_->config.service_tier : degraded_tier_,
                               .degraded = degraded_,
                               .rate_fields = rates.text(),
                               .cors_fields = cors_fields_},
                              framing, text);
    return text;
}

net::task<void> Exchange::relay(std::unique_ptr<upstream::Connection> connection, Dispatch& dispatch,
                                Progress& progress) {
    const upstream::TimeoutConfig& timeouts = route_->backend->config().timeouts;
    upstream::Endpoint& endpoint = *backend().find(connection->endpoint());
    const http::ResponseHead& head = link_.worker.response_head();
    if (head.status >= 502 && head.status <= 504) {
        backend().request_failed(endpoint, link_.turn());
    } else {
        backend().request_succeeded(endpoint, link_.turn());
    }
    record_.status = head.status;
    const bool reusable = head.keep_alive && dispatch.sent_all() && !upgrades_;
    progress.begin(reading_of(head), asked_usage_);
    if (is_job() && facts_.stream) progress.keep_beginning();
    const http::OutboundFraming framing = plan_answer(head, !progress.drops_usage());
    AnswerEnd answer_end(*this, progress);
    Relay body(link_, presence_, progress, answer_end, connection->stream(),
               http::BodyReader(head.framing, head.content_length), write_answer_head(head, framing),
               {.chunked_out = framing.framing == http::Framing::chunked,
                .event_stream = is_event_stream(head) && !http::is_encoded(head.fields),
                .endpoint = &endpoint,
                .idle_timeout = timeouts.idle,
                .total_deadline = total_deadline_});
    if (!body_.empty()) link_.worker.texts().give(body_.take_first());  // it is answered: it will not be sent again
    hold(0);
    const RelayEnd end = co_await body.run(dispatch.rest());
    if (end != RelayEnd::complete) fail_from(end, progress, endpoint, body.heard_at());
    if (end == RelayEnd::complete && reusable && !body.excess()) {
        give_back(std::move(connection));
    }
    connection.reset();
    record_.bytes_out = body.content_bytes();
    if (body.first_content() != TimePoint{}) record_.first_byte = body.first_content() - arrived_;
    if (end == RelayEnd::complete && !body.unsent().empty()) {
        const bool sent = co_await link_.send(body.unsent());
        if (!sent) reason_ = link_.source().ready.broken ? Reason::client_gone : Reason::client_stalled;
    }
    keep_open_ = !close_after_ && group(reason_) == ReasonGroup::admitted;
    if (group(reason_) == ReasonGroup::admitted) co_return;
    // A clean end would be taken for a whole answer.
    const bool told = co_await break_off(body, progress);
    if (!told) link_.stream->abort();
}

net::task<bool> Exchange::break_off(Relay& body, const Progress& progress) {
    if (!body.can_add_event() || group(reason_) == ReasonGroup::client) co_return false;
    const std::string event = ai::word_stream_failure({.dialect = dialect_,
                                                       .path = path(),
                                                       .reason = reason_,
                                                       .request_id = request_id_,
                                                       .events = progress.events(),
                                                       .within_event = body.within_event()});
    if (event.empty()) co_return false;
    body.add(event);
    // Then the connection closes without the chunk that would end the body (RFC 9112 section 8).
    const bool sent = co_await link_.send(body.unsent());
    co_return sent;
}

void Exchange::settle(const Progress& progress) {
    reason_ = record_.queue > Duration::zero() ? Reason::admitted_after_wait : Reason::admitted;
    if (ask_.beside_line) reason_ = Reason::exempt;
    note_tokens(progress, true);
    if (record_.tokens_out.tokens > 0) route_->judge->answers().learn(record_.tokens_out.tokens);
    if (progress.reading() == Reading::job) note_job(progress);
    release();
}

net::task<void> Exchange::refuse() {
    release();
    hold(0);
    if (is_shed(reason_)) link_.worker.be_wary();
    record_.status = status_of(reason_, dialect_);
    if (group(reason_) == ReasonGroup::client) {
        link_.stream->abort();
        co_return;
    }
    const bool body_is_short = body_reader_.done() || (framing_ == http::Framing::length && !expects_continue_ &&
                                                       content_length_ <= 64 * 1024);
    // A client that stopped sending will not go on for this answer's sake (RFC 9110 section 15.5.9).
    const bool close = !keep_alive_ || !body_is_short || reason_ == Reason::request_timeout ||
                       link_.worker.state().draining.load(std::memory_order_relaxed);
    admission::Advice advice;
    const bool in_use = reason_ == Reason::idempotency_key_in_use;
    if (is_shed(reason_) || in_use || group(reason_) == ReasonGroup::internal) {
        const admission::RefusalConfig refusal =
            route_ != nullptr ? route_->config.refusal : admission::RefusalConfig{};
        // Nobody knows when the other one with its key will end.
        const Duration otherwise = in_use ? Duration(std::chrono::seconds(1)) : refusal.retry_after;
        const Duration wait = retry_after_ > Duration::zero() ? retry_after_ : otherwise;
        advice = admission::advise(reason_, wait, refusal, link_.worker.random());
    }
    const ai::RateFields rates = rate_fields();
    const std::string text =
        write_reply({.reason = reason_,
                     .dialect = dialect_,
                     .detail = detail_,
                     .request_id = request_id_,
                     .class_name = route_ != nullptr ? std::string_view(route_->config.name) : std::string_view{},
                     .retry_after = advice.retry_after,
                     .tell_no_retry = advice.hopeless,
                     .rate_fields = rates.text(),
                     .cors_fields = cors_fields_,
                     .close = close,
                     .to_head = method() == "HEAD"});
    const bool sent = co_await link_.send(text);
    if (sent && !close) keep_open_ = co_await finish_request_body();
}

}  // namespace weir::downstream
