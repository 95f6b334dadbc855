#include "downstream/exchange/delivery.hpp"

#include <chrono>
#include <optional>
#include <utility>

#include "downstream/websocket/client_websockets.hpp"

namespace weir::downstream {
namespace {

using namespace std::chrono_literals;

// No server closes a connection this recently used for being idle: their time-outs begin at two seconds.
constexpr Duration kProven = 1s;

}  // namespace

Delivery::Delivery(Client& client, ClientProbe& probe, const Inbound& inbound, const Caller& caller, Upload& upload,
                   const Prompt& prompt, Slot& slot, Outcome& outcome)
    : client_(client),
      probe_(probe),
      inbound_(inbound),
      caller_(caller),
      upload_(upload),
      prompt_(prompt),
      slot_(slot),
      outcome_(outcome),
      config_(caller.route->backend->config()),
      total_deadline_(client.turn() + config_.timeouts.total) {}

net::task<Passed> Delivery::run() {
    // Coroutines woken together all read first, then all send: the code of each phase is warm then, and a receiver that
    // one send has woken is awake for the next.
    if (client_.worker.loop().others_wait()) co_await client_.waker.yield();
    for (;;) {
        ++tries_.all;
        const Attempt end = co_await attempt();
        if (end == Attempt::served) co_return nullptr;
        if (end == Attempt::do_not_retry || consumed_body_) break;
        if (!may_try_again(repeat_of(inbound_.method(), caller_.api), tries_)) break;
        if (end == Attempt::stale) continue;
        Passed no = co_await slot_.requeue();
        if (no) co_return no;
    }
    co_return std::move(why_);
}

upstream::Backend& Delivery::backend() const {
    upstream::Backend* granted = slot_.ticket().granted_by();
    return granted != nullptr ? *granted : *caller_.route->backend;
}

Delivery::Attempt Delivery::refuse(Attempt attempt, Passed why) {
    why_ = std::move(why);
    return attempt;
}

net::task<Delivery::Attempt> Delivery::attempt() {
    upstream::Endpoint* endpoint = backend().find(slot_.endpoint());
    // Only if memory ran out before it could be notified in time.
    if (endpoint == nullptr) co_return refuse(Attempt::lost, refused(Reason::backend_unreachable));
    outcome_.record.endpoint = endpoint->id();
    std::optional<upstream::OpenWebSocket> websocket;
    std::optional<ClientWebSockets::Place> of_client;
    if (caller_.upgrades()) {
        // A class that depends on the body may have led to a backend without it.
        websocket.emplace(endpoint->counters, config_.websocket ? config_.websocket->connections : 0);
        if (!websocket->counted()) {
            co_return refuse(Attempt::do_not_retry, refused(Reason::connection_limit, "WebSockets to this endpoint"));
        }
        of_client.emplace(client_.worker.state().websockets, caller_.ask.client,
                          config_.websocket->connections_per_client);
        if (!of_client->counted()) {
            co_return refuse(Attempt::do_not_retry, refused(Reason::connection_limit, "WebSockets of this client"));
        }
    }
    std::unique_ptr<upstream::Connection> connection = take_idle(*endpoint);
    if (!connection) connection = co_await connect(*endpoint);
    if (!connection) {
        // Another endpoint may be reachable; but if descriptors ran out for one, they did for all.
        const bool none = why_->reason == Reason::client_gone || why_->reason == Reason::connection_limit;
        co_return none ? Attempt::do_not_retry : Attempt::lost;
    }
    const std::string edited = edited_head(*endpoint);
    const std::string_view head = inbound_.head;
    const OutboundRequest outbound{edited.empty() ? head.substr(0, inbound_.host_at) : std::string_view(edited),
                                   edited.empty() ? std::string_view(backend().host_of(*endpoint)) : std::string_view{},
                                   edited.empty() ? head.substr(inbound_.host_at) : std::string_view{},
                                   &upload_.body(),
                                   upload_.done() ? nullptr : &upload_.reader(),
                                   inbound_.framing,
                                   inbound_.method() == "HEAD",
                                   caller_.upgrades()};
    Progress progress(slot_.judge(), slot_.ticket());
    Dispatch dispatch(client_, probe_, progress, *connection, outbound, config_.timeouts, answer_timeout(),
                      total_deadline_, inbound_.minor_version);
    outcome_.record.overhead = client_.now() - outcome_.arrived - outcome_.waited;
    const DispatchEnd end = co_await dispatch.run();
    consumed_body_ |= dispatch.consumed_body();
    if (end != DispatchEnd::answered) co_return failed(end, dispatch, *endpoint);
    if (client_.worker.response_head().status == 101) {
        co_await tunnel(std::move(connection), dispatch.rest());
    } else {
        co_await relay(std::move(connection), dispatch, progress);
    }
    co_return Attempt::served;
}

std::string Delivery::edited_head(const upstream::Endpoint& endpoint) const {
    const upstream::Backend& from = backend();
    if (!from.edits_heads(endpoint)) return {};
    const std::string_view head = inbound_.head;
    return from.edits().apply(head.substr(0, inbound_.host_at), from.host_of(endpoint), head.substr(inbound_.host_at),
                              endpoint.config().path);
}

Delivery::Attempt Delivery::failed(DispatchEnd end, const Dispatch& dispatch, upstream::Endpoint& endpoint) {
    const TimePoint now = client_.turn();
    const bool late = end == DispatchEnd::timed_out || end == DispatchEnd::overdue;
    // Even if the client or Weir gave up on it, the engine has read the prompt, or was about to.
    const bool was_wanted = late || end == DispatchEnd::evicted || end == DispatchEnd::client_gone;
    if (was_wanted && caller_.ask.prompt_tokens > 0) {
        outcome_.record.tokens_in = {caller_.ask.prompt_tokens, telemetry::TokenSource::estimated};
    }
    if (end == DispatchEnd::evicted) return refuse(Attempt::do_not_retry, refused(slot_.ticket().eviction()));
    const Reason reason = reason_of(end);
    why_ = refused(reason);
    if (late) {
        backend().request_timed_out(endpoint, dispatch.waited_since(), now);
    } else if (group(reason) == ReasonGroup::backend && end != DispatchEnd::stale) {
        // A connection that was idle for too long says nothing about the endpoint.
        backend().request_failed(endpoint, now);
    }
    if (end != DispatchEnd::stale && end != DispatchEnd::reset) return Attempt::do_not_retry;
    if (!dispatch.certainly_unprocessed()) ++tries_.risked;
    // An endpoint that closed before the request arrived can take it again; one that may have died of it is not tried
    // first.
    return end == DispatchEnd::stale && dispatch.certainly_unprocessed() ? Attempt::stale : Attempt::lost;
}

// An idle connection may be closed while the request is on its way, and often it is unknown whether the request was
// read before. So a request that could not be sent again goes on a fresh connection. Where that takes a TLS handshake,
// a connection that has just answered will do, unless the body is still incomplete: then any failure is final.
std::unique_ptr<upstream::Connection> Delivery::take_idle(const upstream::Endpoint& endpoint) {
    // A second try must not test whether the pool has another connection as stale as the first.
    if (caller_.upgrades() || tries_.all > 1 || !upload_.done()) return nullptr;
    upstream::Pool& pool = client_.worker.pool();
    if (can_be_repeated()) return pool.take(endpoint.serial());
    return endpoint.tls() != nullptr ? pool.take(endpoint.serial(), client_.turn() - kProven) : nullptr;
}

bool Delivery::can_be_repeated() const { return repeat_of(inbound_.method(), caller_.api) == Repeat::once; }

Duration Delivery::answer_timeout() const {
    const bool whole = inbound_.method() == "POST" && !caller_.ask.streams;
    return whole ? config_.timeouts.whole_answer : config_.timeouts.first_byte;
}

void Delivery::give_back(std::unique_ptr<upstream::Connection> connection) {
    upstream::Pool& pool = client_.worker.pool();
    // Connections opened for a single request must not pile up, each perhaps with a thread at the backend.
    if (!connection->reused() && !can_be_repeated() && pool.has(connection->serial())) return;
    pool.give_back(std::move(connection), config_.timeouts.keep_alive);
}

net::task<std::unique_ptr<upstream::Connection>> Delivery::connect(upstream::Endpoint& endpoint) {
    const TimePoint began = client_.turn();
    upstream::ConnectResult result = co_await upstream::connect(endpoint, client_.waker, client_.timer,
                                                                began + config_.timeouts.connect, &client_.source());
    outcome_.waited += client_.turn() - began;
    if (!result.connection) {
        const Reason reason = client_.source().ready.broken ? Reason::client_gone : result.reason;
        why_ = refused(reason);
        // The endpoint is not at fault when descriptors run out.
        if (reason == Reason::backend_timeout) backend().request_timed_out(endpoint, began, client_.turn());
        if (reason == Reason::backend_unreachable) backend().request_failed(endpoint, client_.turn());
    }
    co_return std::move(result.connection);
}

}  // namespace weir::downstream
