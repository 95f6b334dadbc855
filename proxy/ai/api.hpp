#pragma once
// Which call of which API a request is, by its path. It decides what the body may contain and where the answer reports
// usage.

#include <cstdint>
#include <string_view>

#include "base/dialect.hpp"

namespace weir::ai {

enum class Api : std::uint8_t {
    generic,       // an unknown API: only its bytes are counted
    other,         // a call of OpenAI's or Anthropic's without an entry here
    chat,          // POST /v1/chat/completions
    completions,   // POST /v1/completions
    responses,     // POST /v1/responses
    embeddings,    // POST /v1/embeddings
    videos,        // POST /v1/videos, /v1/videos/ID/remix
    messages,      // POST /v1/messages
    count_tokens,  // POST /v1/messages/count_tokens
    realtime,      // an event of the Realtime API, which comes over a WebSocket
};

// `path` is without its query; a trailing slash and the case of letters are ignored, as many servers do. Any other path
// is `other` where the backend speaks OpenAI's or Anthropic's dialect.
[[nodiscard]] Api api_of(std::string_view path, Dialect backend);

// The path differs from a call's only in case: some servers treat it as that call, some do not.
[[nodiscard]] bool is_miscased_call(std::string_view path);

// A call that takes a form with a `model` field, besides videos: transcriptions, edits of images.
[[nodiscard]] bool names_model_in_form(std::string_view path);

// The calls whose bodies are known to be JSON objects with members of fixed meaning.
[[nodiscard]] constexpr bool is_known(Api api) { return api > Api::other; }

}  // namespace weir::ai
