#pragma once
// Per-request log and metrics record: filled in as the request proceeds, emitted once at its end, however it ends.

#include <array>
#include <string>
#include <string_view>

#include "downstream/client.hpp"
#include "downstream/exchange/inbound.hpp"
#include "downstream/exchange/refusal.hpp"
#include "telemetry/record.hpp"

namespace weir::downstream {

struct Outcome {
    // REQUIRES: both outlive it.
    Outcome(Client& of, const Inbound& request);
    ~Outcome();
    Outcome(const Outcome&) = delete;
    Outcome& operator=(const Outcome&) = delete;

    // The request was not served.
    void note_refusal(const Refusal& why);
    // The gate that decided, where the decision was not enforced or was noticed late.
    void note_gate(const admission::Decision& decision);
    void note_model(std::string_view name);
    // `version-traceid-parentid-flags`; text of any other form is not logged.
    void note_trace(std::string_view traceparent);
    [[nodiscard]] bool is_good() const { return group(reason) == ReasonGroup::admitted; }

    Client& client;
    const Inbound& inbound;
    telemetry::Record record;
    TimePoint arrived;
    Duration waited{};  // before dispatch: for the body, the queue, the connect
    Reason reason = Reason::admitted;
    bool keep_open = false;  // the connection can take another request
    std::string degraded;    // the applied rules

private:
    std::array<char, 32> trace_id_;
    std::array<char, 64> model_;  // its beginning
};

}  // namespace weir::downstream
