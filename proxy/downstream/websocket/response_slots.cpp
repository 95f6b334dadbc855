#include "downstream/websocket/response_slots.hpp"

#include <algorithm>

#include "admission/advice.hpp"
#include "ai/realtime.hpp"
#include "downstream/exchange/reply.hpp"
#include "downstream/worker_context.hpp"

namespace weir::downstream {

using admission::Standing;

struct ResponseSlots::Response {
    Response(net::Waker& waker, const telemetry::Record& like, std::string_view name)
        : ticket(waker), record(like), event_id(name) {}

    Ticket ticket;
    telemetry::Record record;
    std::string event_id;  // as the client wrote it, quotes included
    std::string id;        // Weir's own
    TimePoint asked{};
    TimePoint let_in{};
    bool created = false;
    std::uint32_t deltas = 0;
    std::uint32_t told = 0;
};

ResponseSlots::ResponseSlots(Client& client, const Route& route, const Options& options)
    : client_(client), route_(route), options_(options) {
    options_.ask.prompt_tokens = 0;  // the conversation so far, which the engine has, is unknown here
    options_.ask.streams = true;
    options_.ask.can_be_cut = false;
    options_.ask.retry = false;
    options_.ask.deadline.reset();
    options_.record.method = "response.create";
}

ResponseSlots::~ResponseSlots() = default;

ResponseSlots::Response& ResponseSlots::open(std::string_view event_id) {
    Response& response = open_.emplace_back(client_.waker, options_.record, event_id);
    response.asked = client_.turn();
    response.id = client_.worker.ids().next();
    return response;
}

ResponseSlots::Verdict ResponseSlots::ask(std::string_view event_id) {
    const bool too_many = open_.size() >= kMax;
    Response& response = open(event_id);
    if (too_many) {
        refuse_too_many(response);
        return Verdict::refused;
    }
    options_.ask.output_tokens = route_.judge->answers().usual();
    if (route_.judge->arrive(response.ticket, options_.ask, client_.turn()) == Standing::waiting) {
        waiting_ = &response;
        return Verdict::wait;
    }
    return settle(response);
}

ResponseSlots::Verdict ResponseSlots::verdict() {
    Response& response = *waiting_;
    if (!response.ticket.told()) {
        route_.judge->expire_if_due(response.ticket, client_.turn());
        return Verdict::wait;
    }
    waiting_ = nullptr;
    response.record.queue = client_.turn() - response.asked;
    return settle(response);
}

ResponseSlots::Verdict ResponseSlots::settle(Response& response) {
    const admission::Decision& decision = response.ticket.decision();
    if (response.ticket.standing() == Standing::running) {
        route_.judge->move(response.ticket, options_.endpoint, client_.turn());
        response.let_in = client_.turn();
        response.record.shadow = decision.shadow;
        response.record.shadow_reason = decision.reason;
        return Verdict::go;
    }
    response.record.gate = name(decision.gate);
    response.record.limit = decision.limit;
    response.record.observed = decision.observed;
    refuse(response, decision.reason, decision.retry_after);
    return Verdict::refused;
}

void ResponseSlots::refuse_too_many(Response& response) {
    response.record.limit = kMax;
    response.record.observed = static_cast<double>(open_.size());
    refuse(response, Reason::client_concurrency, std::chrono::seconds(1));
}

void ResponseSlots::refuse(Response& response, Reason reason, Duration wait) {
    const admission::Advice advice =
        admission::advise(reason, wait, route_.config.refusal, client_.worker.ids().random());
    refusal_ = ai::word_realtime_error(reason, response.event_id, response.id, advice.retry_after);
    close(response, reason, status_of(reason, Dialect::openai));
}

bool ResponseSlots::created() {
    if (Response* asked = find(false)) {
        asked->created = true;
        return true;
    }
    // The server's voice detection may begin one by itself. A running response cannot wait.
    const bool too_many = open_.size() >= kMax;
    Response& response = open({});
    response.created = true;
    if (too_many) {
        refuse_too_many(response);
        return false;
    }
    admission::Ask ask = options_.ask;
    ask.can_wait = false;
    route_.judge->arrive(response.ticket, ask, client_.turn());
    return settle(response) == Verdict::go;
}

void ResponseSlots::delta() {
    constexpr std::uint32_t kStep = 16;
    Response* response = find(true);
    if (response == nullptr) return;
    ++response->deltas;
    if (response->deltas == 1) {
        response->record.first_byte = client_.turn() - response->asked;
        route_.judge->first_token(response->ticket, client_.turn());
    }
    if (response->told > 0 && response->deltas < response->told + kStep) return;
    response->told = response->deltas;
    route_.judge->streamed(response->ticket, response->told, client_.turn());
}

void ResponseSlots::done(const ai::Usage& usage) {
    Response* response = find(true);
    if (response == nullptr) return;
    using telemetry::TokenSource;
    if (usage.input) response->record.tokens_in = {*usage.input, TokenSource::usage};
    if (usage.output) response->record.tokens_out = {*usage.output, TokenSource::usage};
    const bool waited = response->record.queue > Duration::zero();
    close(*response, waited ? Reason::admitted_after_wait : Reason::admitted, 200);
}

void ResponseSlots::rejected(std::string_view event_id) {
    for (Response& response : open_) {
        const bool is_it = event_id.empty() || response.event_id == event_id;
        if (response.created || &response == waiting_ || !is_it) continue;
        return close(response, Reason::admitted, 400);
    }
}

bool ResponseSlots::give_up_overdue() {
    const TimePoint now = client_.turn();
    for (Response& response : open_) {
        if (&response == waiting_) continue;
        if (now < response.let_in + (response.created ? options_.total : options_.first_byte)) continue;
        const bool runs = response.created;
        close(response, runs ? Reason::total_timeout : Reason::backend_timeout, 504);
        return runs;
    }
    return false;
}

TimePoint ResponseSlots::next_deadline() const {
    TimePoint next = waiting_ != nullptr ? route_.judge->next_expiry(waiting_->ticket) : TimePoint::max();
    for (const Response& response : open_) {
        if (&response == waiting_) continue;
        next = std::min(next, response.let_in + (response.created ? options_.total : options_.first_byte));
    }
    return next;
}

net::task<void> ResponseSlots::end(Reason reason) {
    // A verdict on its way refers to the ticket's address.
    while (waiting_ != nullptr && !waiting_->ticket.told()) {
        if (route_.judge->leave(waiting_->ticket, client_.turn())) break;
        co_await client_.waker.wait();
    }
    waiting_ = nullptr;
    while (!open_.empty()) close(open_.front(), reason, 0);
}

void ResponseSlots::close(Response& response, Reason reason, int status) {
    telemetry::Record& record = response.record;
    if (record.tokens_out.tokens == 0 && response.deltas > 0) {
        record.tokens_out = {response.deltas, telemetry::TokenSource::counted};
    }
    if (response.ticket.standing() == Standing::running) {
        route_.judge->finish(response.ticket, client_.turn(),
                             admission::Tokens{record.tokens_in.tokens, record.tokens_out.tokens, 0});
    }
    if (waiting_ == &response) waiting_ = nullptr;
    record.reason = reason;
    record.status = status;
    record.request_id = response.id;
    record.duration = client_.turn() - response.asked;
    client_.worker.recorder().record(record);
    open_.remove_if([&](const Response& other) { return &other == &response; });
}

ResponseSlots::Response* ResponseSlots::find(bool created) {
    for (Response& response : open_) {
        if (response.created == created && &response != waiting_) return &response;
    }
    return nullptr;
}

}  // namespace weir::downstream
