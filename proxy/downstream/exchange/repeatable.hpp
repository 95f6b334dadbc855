#pragma once
// Whether a request may be sent again whose endpoint failed before its client was given anything of an answer.
//
// What was certainly not processed may: the connection failed, the request was not written whole, or the endpoint had
// closed before it could read it. What may have been processed is sent again only where nothing but its cost comes of a
// second time, and then once: a request that brings an engine down must not bring down the next and the one after that.
//
//   GET, HEAD, OPTIONS, PUT          idempotent (RFC 9110 section 9.2.2)
//   chat, completions, messages,     they compute an answer, which has reached no client
//   embeddings, count_tokens
//
// Nothing else is. DELETE is idempotent in what it leaves behind, but not in what it answers: the second one finds
// nothing, and tells its client that there never was anything. /v1/responses keeps what it answers, may call tools and
// may go on in the background; batches, files and videos are made twice; of a path that is not known, nothing is.

#include <cstdint>
#include <string_view>

#include "ai/api.hpp"

namespace weir::downstream {

enum class Repeat : std::uint8_t {
    unprocessed,  // only what was certainly not processed
    once,         // and once what may have been
};

// `api` is what the request's path is of, where its method is POST.
[[nodiscard]] Repeat repeat_of(std::string_view method, ai::Api api);

// How often a request has been sent, or was to be.
struct Tries {
    int all = 0;
    int risked = 0;  // of them, those that failed and may have been processed
};

// REQUIRES: the last one failed, and all of the request is still here.
[[nodiscard]] bool may_try_again(Repeat repeat, const Tries& tries);

}  // namespace weir::downstream
