#include "downstream/exchange/outcome.hpp"

#include <algorithm>
#include <exception>

namespace weir::downstream {

Outcome::Outcome(Client& of, const Inbound& request)
    : client(of), inbound(request), arrived(of.worker.loop().batch_time()) {
    record.listener = of.listener;
    record.source = of.peer;
}

Outcome::~Outcome() {
    // Probably out of memory: the connection's catch ends it, and the record must not call it served.
    if (std::uncaught_exceptions() > 0) reason = Reason::internal_error;
    try {
        record.reason = reason;
        record.duration = client.now() - arrived;
        record.request_id = inbound.id;
        record.method = inbound.method();
        record.path = inbound.path();
        record.degraded = degraded;
        client.worker.recorder().record(record);
    } catch (const std::exception& error) {
        client.worker.loop().note_fault(error.what());
    }
}

void Outcome::note_refusal(const Refusal& why) {
    reason = why.reason;
    if (why.gate.empty()) return;
    record.gate = why.gate;
    record.limit = why.limit;
    record.observed = why.observed;
}

void Outcome::note_gate(const admission::Decision& decision) {
    record.gate = name(decision.gate);
    record.limit = decision.limit;
    record.observed = decision.observed;
}

void Outcome::note_model(std::string_view name) {
    record.model = {model_.data(), name.copy(model_.data(), model_.size())};
}

void Outcome::note_trace(std::string_view traceparent) {
    if (traceparent.size() < 36 || traceparent[2] != '-' || traceparent[35] != '-') return;
    std::copy_n(traceparent.begin() + 3, trace_id_.size(), trace_id_.begin());
    record.trace_id = {trace_id_.data(), trace_id_.size()};
}

}  // namespace weir::downstream
