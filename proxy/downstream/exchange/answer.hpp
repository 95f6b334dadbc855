#pragma once
// How an answer is passed on, by its head: its framing, how it is read on its way, whether the connection goes on.

#include <string>
#include <string_view>

#include "ai/rate_fields.hpp"
#include "downstream/exchange/caller.hpp"
#include "downstream/exchange/inbound.hpp"
#include "downstream/exchange/prompt.hpp"
#include "downstream/transfer/progress.hpp"
#include "http/forward.hpp"
#include "http/head.hpp"

namespace weir::downstream {

// It says that it is a stream of events, or it answers a call that asked for one, and calls it text.
[[nodiscard]] bool is_event_stream(const http::ResponseHead& head, const ai::RequestFacts& facts);

[[nodiscard]] Reading reading_of(const http::ResponseHead& head, const Inbound& inbound, const Caller& caller,
                                 const ai::RequestFacts& facts);

// `keeps_length`: all of its content passes.
[[nodiscard]] http::OutboundFraming plan_framing(const http::ResponseHead& head, const Inbound& inbound,
                                                 bool keeps_length);

// What is left of the caller's rates; nothing where its class has none, or its API knows no such fields.
[[nodiscard]] ai::RateFields rate_fields(const Caller& caller, TimePoint now);

// The answer's head as its client gets it. `close`: the connection ends after it.
[[nodiscard]] std::string write_answer_head(const Client& client, const Inbound& inbound, const Caller& caller,
                                            const Prompt& prompt, const Outcome& outcome,
                                            const http::ResponseHead& head, const http::OutboundFraming& framing,
                                            bool close);

}  // namespace weir::downstream
