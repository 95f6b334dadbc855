#include "downstream/exchange/delivery.hpp"

#include <chrono>
#include <optional>
#include <utility>

#include "ai/quota_fields.hpp"
#include "downstream/exchange/head_end.hpp"
#include "downstream/websocket/client_websockets.hpp"

namespace weir::downstream {
namespace {

using namespace std::chrono_literals;

// No server closes a connection this recently used for being idle: their time-outs begin at two seconds.
constexpr Duration kProven = 1s;
// However long a provider's quota refuses a request.
constexpr int kMostSends = 64;

}  // namespace

Delivery::Delivery(Client& client, ClientProbe& probe, Inbound& inbound, Caller& caller, Upload& upload, Prompt& prompt,
                   Slot& slot, Outcome& outcome)
    : client_(client),
      probe_(probe),
      inbound_(inbound),
      caller_(caller),
      upload_(upload),
      prompt_(prompt),
      slot_(slot),
      outcome_(outcome),
      total_deadline_(client.turn() + config().timeouts.total) {}

Delivery::~Delivery() {
    if (tries_.all == 1) caller_.route->tries->earn();
}

net::task<Passed> Delivery::run() {
    address();
    if (Passed no = go_to_maker()) co_return no;
    // Coroutines woken together all read first, then all send: the code of each phase is warm then, and a receiver that
    // one send has woken is awake for the next.
    if (client_.worker.loop().others_wait()) co_await client_.waker.yield();
    for (;;) {
        ++outcome_.record.attempts;
        ++tries_.all;
        const Attempt end = co_await attempt();
        if (end == Attempt::served) co_return nullptr;
        if (end == Attempt::paced) {
            why_ = co_await slot_.go_on(caller_, std::move(why_));
            if (why_) break;
            address();
            continue;
        }
        if (end == Attempt::do_not_retry) break;
        if (end == Attempt::stale) continue;
        Passed no = co_await find_slot();
        if (no) co_return no;
    }
    co_return std::move(why_);
}

net::task<Passed> Delivery::find_slot() {
    const Route* fallback = backend().any_available(slot_.endpoint()) ? nullptr : slot_.fallback_of(caller_);
    Passed no;
    if (fallback == nullptr) {
        no = co_await slot_.requeue(unreachable_);
        if (no) no = co_await slot_.go_on(caller_, std::move(no));
    } else {
        no = slot_.fall_back(caller_, *fallback);
        if (!no && slot_.waits()) no = co_await slot_.wait(caller_);
    }
    if (!no) address();
    co_return no;
}

// Counted where it runs, full or not: any other endpoint would say that what it is about does not exist.
Passed Delivery::go_to_maker() {
    const EndpointId maker = caller_.sticks_to;
    if (maker == kNoEndpoint || caller_.ask.bypasses_queue) return nullptr;
    const upstream::Endpoint* endpoint = backend().find(maker);
    if (endpoint == nullptr) return nullptr;  // it is gone for good
    if (slot_.endpoint() != maker && !upstream::Backend::available(*endpoint)) return refused(Reason::no_endpoint);
    slot_.judge().move(slot_.ticket(), maker, client_.turn());
    is_bound_ = true;
    return nullptr;
}

void Delivery::address() {
    prompt_.address(caller_, slot_.ticket().granted_by(), upload_);
    prompt_.name_model_in_form(backend().config(), upload_);
    end_head(inbound_, upload_);
}

upstream::Backend& Delivery::backend() const {
    const auto& granted = slot_.ticket().granted_by();
    return granted ? *granted : *caller_.route->backend;
}

Delivery::Attempt Delivery::refuse(Attempt attempt, Passed why) {
    why_ = std::move(why);
    return attempt;
}

net::task<Delivery::Attempt> Delivery::attempt() {
    upstream::Endpoint* endpoint = backend().find(slot_.endpoint());
    // Only if memory ran out before it could be notified in time.
    if (endpoint == nullptr) co_return refuse(Attempt::do_not_retry, refused(Reason::backend_unreachable));
    outcome_.record.endpoint = endpoint->id();
    std::optional<upstream::OpenWebSocket> websocket;
    std::optional<ClientWebSockets::Place> of_client;
    if (caller_.upgrades()) {
        // A class that depends on the body may have led to a backend without it.
        websocket.emplace(endpoint->counters, config().websocket ? config().websocket->connections : 0);
        if (!websocket->counted()) {
            co_return refuse(Attempt::do_not_retry, refused(Reason::connection_limit, "WebSockets to this endpoint"));
        }
        of_client.emplace(client_.worker.state().websockets, caller_.ask.client,
                          config().websocket->connections_per_client);
        if (!of_client->counted()) {
            co_return refuse(Attempt::do_not_retry, refused(Reason::connection_limit, "WebSockets of this client"));
        }
    }
    unreachable_ = false;
    std::unique_ptr<upstream::Connection> connection = take_idle(*endpoint);
    if (!connection) connection = co_await connect(*endpoint);
    if (!connection) {
        // Another endpoint may be reachable; but if descriptors ran out for one, they did for all.
        const bool none = why_->reason == Reason::client_gone || why_->reason == Reason::connection_limit;
        const bool again = !none && !is_bound_ && may_try_again(upstream::TryCause::connect, *endpoint);
        unreachable_ = true;
        co_return again ? Attempt::lost : Attempt::do_not_retry;
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
                                   caller_.upgrades(),
                                   may_hold_answer()};
    Progress progress(slot_.judge(), slot_.ticket());
    Dispatch dispatch(client_, probe_, progress, *connection, outbound, config().timeouts, answer_timeout(),
                      total_deadline_, inbound_.minor_version);
    outcome_.record.overhead = client_.now() - outcome_.arrived - outcome_.waited;
    const DispatchEnd end = co_await dispatch.run();
    consumed_body_ |= dispatch.consumed_body();
    if (end != DispatchEnd::answered) co_return failed(end, dispatch, *endpoint);
    const int status = client_.worker.response_head().status;
    if (heed(client_.worker.response_head(), *endpoint)) co_return Attempt::paced;
    if (may_try_elsewhere(status, *endpoint)) co_return Attempt::lost;
    if (status == 101) {
        backend().completed(*endpoint, client_.turn());
        co_await tunnel(std::move(connection), dispatch.rest());
    } else {
        co_await relay(std::move(connection), dispatch, progress);
    }
    co_return Attempt::served;
}

std::string Delivery::edited_head(const upstream::Endpoint& endpoint) const {
    const upstream::Backend& from = backend();
    if (!from.edits_heads(endpoint) && !(caller_.upgrades() && from.edits_handshakes())) return {};
    const std::string_view head = inbound_.head;
    std::string edited = from.edits().apply(head.substr(0, inbound_.host_at), from.host_of(endpoint),
                                            head.substr(inbound_.host_at), endpoint.config().path);
    if (caller_.upgrades()) from.edit_handshake(edited);
    return edited;
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
        slot_.note_break(true);
        backend().request_timed_out(endpoint, dispatch.waited_since(), now);
    } else if (group(reason) == ReasonGroup::backend && end != DispatchEnd::stale) {
        // A connection that was idle for too long says nothing about the endpoint.
        slot_.note_break(true);
        backend().request_failed(endpoint, now);
    }
    const bool silent = end == DispatchEnd::timed_out;
    if (end != DispatchEnd::stale && end != DispatchEnd::reset && !silent) return Attempt::do_not_retry;
    if (!dispatch.certainly_unprocessed()) ++tries_.risked;
    // An endpoint that closed before the request arrived can take it again; one that may have died of it is not tried
    // first.
    if (end == DispatchEnd::stale && dispatch.certainly_unprocessed()) {
        return may_be_repeated_now() ? Attempt::stale : Attempt::do_not_retry;
    }
    const auto cause = silent ? upstream::TryCause::first_byte : upstream::TryCause::reset;
    // One that is silent would only be asked twice.
    const bool again = (!silent || is_another_place(endpoint)) && may_try_again(cause, endpoint);
    if (!again) return Attempt::do_not_retry;
    return is_bound_ ? Attempt::stale : Attempt::lost;
}

bool Delivery::may_be_repeated_now() const {
    const Repeat repeat = repeat_of(inbound_.method(), caller_.api);
    return !consumed_body_ && downstream::may_try_again(repeat, tries_, config().tries.most);
}

// What a client does with a head alone is known of the calls that compute an answer: nothing.
bool Delivery::may_hold_answer() const {
    const bool elsewhere = backend().endpoints().size() > 1 || !caller_.route->fallbacks.empty();
    return elsewhere && config().tries.most > 1 && upload_.done() && inbound_.method() == "POST" && can_be_repeated();
}

bool Delivery::may_try_again(upstream::TryCause cause, upstream::Endpoint& endpoint) {
    if (!config().tries.allow(cause) || !may_be_repeated_now()) return false;
    // What never reached an engine, or was turned away by it, is no work for it.
    const bool is_work = cause != upstream::TryCause::connect && cause != upstream::TryCause::status_429;
    if (is_work && !budget_.take(*caller_.route->tries, slot_.judge().inflight(caller_.ask.cls))) {
        endpoint.counters.tries_over_budget.fetch_add(1, std::memory_order_relaxed);
        return false;
    }
    endpoint.counters.tries[static_cast<std::size_t>(cause)].fetch_add(1, std::memory_order_relaxed);
    return true;
}

bool Delivery::may_try_elsewhere(int status, upstream::Endpoint& endpoint) {
    const auto cause = cause_of(status);
    if (!cause) return false;
    if (*cause == upstream::TryCause::status_500 && !backend().is_at_fault(endpoint)) return false;
    return is_another_place(endpoint) && !caller_.ask.bypasses_queue && may_try_again(*cause, endpoint);
}

bool Delivery::is_another_place(const upstream::Endpoint& endpoint) const {
    if (is_bound_) return false;
    return backend().any_available(endpoint.id()) || slot_.fallback_of(caller_) != nullptr;
}

bool Delivery::heed(const http::ResponseHead& head, upstream::Endpoint& endpoint) {
    // One that was over a rate was not processed; of the others it is not known.
    const auto cause = cause_of(head.status);
    if (cause && *cause != upstream::TryCause::status_429) ++tries_.risked;
    backend().answered(endpoint, head.status, client_.turn());
    if (config().learns_quota() && heed_quota(head)) return true;
    slot_.note_status(head.status);
    return false;
}

bool Delivery::heed_quota(const http::ResponseHead& head) {
    ai::QuotaFields fields(head.status, std::chrono::system_clock::now());
    for (const http::Field& field : head.fields) fields.add(field.name, field.value);
    const QuotaReport report = fields.report();
    // With any other status than 429 it is not certain that nothing was done.
    const bool harmless = head.status == 429 || may_be_repeated_now();
    const bool again = report.refused && harmless && !consumed_body_ && !is_bound_ &&
                       outcome_.record.attempts < kMostSends && client_.turn() < total_deadline_;
    if (!again) {
        slot_.judge().quota_report(slot_.ticket(), report, client_.turn());
        return false;
    }
    auto given_back = slot_.refused_by_quota(caller_, report);
    if (!given_back) return false;
    why_ = std::move(*given_back);
    if (head.status == 429) --tries_.all;  // it was not this endpoint's failure
    return true;
}

// An idle connection may be closed while the request is on its way, and often it is unknown whether the request was
// read before. So a request that could not be sent again goes on a fresh connection. Where that takes a TLS handshake,
// a connection that has just answered will do, unless the body is still incomplete: then any failure is final.
std::unique_ptr<upstream::Connection> Delivery::take_idle(const upstream::Endpoint& endpoint) {
    // A second try must not test whether the pool has another connection as stale as the first.
    if (caller_.upgrades() || tries_.all > 1 || !upload_.done()) return nullptr;
    upstream::Pool& pool = client_.worker.pool();
    if (can_be_repeated()) return pool.take(endpoint);
    return endpoint.tls() != nullptr ? pool.take(endpoint, client_.turn() - kProven) : nullptr;
}

bool Delivery::can_be_repeated() const { return repeat_of(inbound_.method(), caller_.api) == Repeat::once; }

Duration Delivery::answer_timeout() const {
    const bool whole = inbound_.method() == "POST" && !caller_.ask.streams;
    return whole ? config().timeouts.whole_answer : config().timeouts.first_byte;
}

void Delivery::give_back(std::unique_ptr<upstream::Connection> connection) {
    upstream::Pool& pool = client_.worker.pool();
    // Connections opened for a single request must not pile up, each perhaps with a thread at the backend.
    if (!connection->reused() && !can_be_repeated() && pool.has(connection->serial())) return;
    // Its address, or the balancer behind it, may be meant for others by now.
    if (client_.turn() - connection->opened() > config().timeouts.connection) return;
    pool.give_back(std::move(connection), config().timeouts.keep_alive);
}

net::task<std::unique_ptr<upstream::Connection>> Delivery::connect(upstream::Endpoint& endpoint) {
    const TimePoint began = client_.turn();
    upstream::ConnectResult result = co_await upstream::connect(endpoint, client_.waker, client_.timer,
                                                                began + config().timeouts.connect, &client_.source());
    outcome_.waited += client_.turn() - began;
    if (!result.connection) {
        const Reason reason = client_.source().ready.broken ? Reason::client_gone : result.reason;
        why_ = refused(reason);
        // The endpoint is not at fault when descriptors run out.
        slot_.note_break(reason == Reason::backend_timeout || reason == Reason::backend_unreachable);
        if (reason == Reason::backend_timeout) backend().request_timed_out(endpoint, began, client_.turn());
        if (reason == Reason::backend_unreachable) backend().request_failed(endpoint, client_.turn());
    }
    co_return std::move(result.connection);
}

}  // namespace weir::downstream
