#pragma once
// Whether a request may be sent again when its endpoint failed before the client was sent any of the answer.
//
// A request that was certainly not processed may be: the connection failed, the request was not written completely, or
// the endpoint had closed before it could read it. One that may have been processed is sent again only if that costs
// nothing but the computation, and only once: a request that brings down an engine must not bring down the next two.
//
//   GET, HEAD, OPTIONS, PUT          idempotent (RFC 9110 section 9.2.2)
//   chat, completions, messages,     they compute an answer, which has reached no client
//   embeddings, count_tokens
//
// All others are not. DELETE is idempotent in its effect but not in its answer: the second one finds nothing, and
// reports that there never was anything. /v1/responses stores its answers, may call tools and may continue in the
// background; batches, files and videos would be made twice; nothing is known about other paths.

#include <cstdint>
#include <optional>
#include <string_view>

#include "ai/api.hpp"
#include "upstream/config.hpp"

namespace weir::downstream {

enum class Repeat : std::uint8_t {
    unprocessed,  // only if certainly not processed
    once,         // and once if it may have been
};

// `api` is the API call of the request's path if its method is POST.
[[nodiscard]] Repeat repeat_of(std::string_view method, ai::Api api);

// How often a request has been sent, or should have been.
struct Tries {
    int all = 0;
    int risked = 0;  // the tries that failed and may have been processed
};

// `most`: tries in all. REQUIRES: the last try failed, and the whole request is still here.
[[nodiscard]] bool may_try_again(Repeat repeat, const Tries& tries, std::uint32_t most);

// Why a request whose answer has this status may be tried elsewhere; nothing where it is an answer like any other.
[[nodiscard]] std::optional<upstream::TryCause> cause_of(int status);

}  // namespace weir::downstream
