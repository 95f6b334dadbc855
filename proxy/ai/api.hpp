#pragma once
// Which call of which API a request is, by its path: it decides what its body may say and where its answer tells usage.

#include <cstdint>
#include <string_view>

#include "base/dialect.hpp"

namespace weir::ai {

enum class Api : std::uint8_t {
    generic,       // only bytes are known of it
    other,         // a call of OpenAI's or Anthropic's that has no row of its own
    chat,          // POST /v1/chat/completions
    completions,   // POST /v1/completions
    responses,     // POST /v1/responses
    embeddings,    // POST /v1/embeddings
    videos,        // POST /v1/videos, /v1/videos/ID/remix
    messages,      // POST /v1/messages
    count_tokens,  // POST /v1/messages/count_tokens
    realtime,      // an event of the Realtime API, which comes by WebSocket
};

// `path` is without its query; a slash at its end and the case of its letters do not count, as many servers have it.
// Any other path is `other` where the backend speaks OpenAI's or Anthropic's dialect.
[[nodiscard]] Api api_of(std::string_view path, Dialect backend);

// The path is that of a call but for the case of its letters: some servers take it for the call, some do not.
[[nodiscard]] bool is_miscased_call(std::string_view path);

// The calls whose bodies Weir knows to be JSON objects, with members whose meaning is fixed.
[[nodiscard]] constexpr bool is_known(Api api) { return api > Api::other; }

}  // namespace weir::ai
