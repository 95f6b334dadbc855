#pragma once
// How an answer is passed on, decided by its head: its framing, how it is read on its way, whether the connection stays
// open.

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

// Its type is an event stream, or plain text in answer to a call that asked for a stream.
[[nodiscard]] bool is_event_stream(const http::ResponseHead& head, const ai::RequestFacts& facts);

[[nodiscard]] Reading reading_of(const http::ResponseHead& head, const Inbound& inbound, const Caller& caller,
                                 const ai::RequestFacts& facts);

// `keeps_length`: none of its content is removed.
[[nodiscard]] http::OutboundFraming plan_framing(const http::ResponseHead& head, const Inbound& inbound,
                                                 bool keeps_length);

// The rest of the caller's rates; nothing if its class has none, or its API has no such fields.
[[nodiscard]] ai::RateFields rate_fields(const Caller& caller, TimePoint now);

// The answer names objects that its endpoint alone knows, and that later requests will be about.
[[nodiscard]] bool names_sticky(const Inbound& inbound, const Caller& caller);

// The answer's head as the client gets it. `close`: the connection ends after it.
[[nodiscard]] std::string write_answer_head(const Client& client, const Inbound& inbound, const Caller& caller,
                                            const Prompt& prompt, const Outcome& outcome,
                                            const http::ResponseHead& head, const http::OutboundFraming& framing,
                                            bool close);

}  // namespace weir::downstream
