#pragma once
// Which API a request speaks, by its path.

#include <string_view>

#include "base/dialect.hpp"

namespace weir::ai {

// `/v1/messages...` is Anthropic's; `/v1/chat/completions`, `/v1/completions`, `/v1/responses`, `/v1/embeddings`,
// `/v1/videos`, `/v1/models` and `/v1/realtime` are OpenAI's. Any other path speaks `fallback`, the backend's own
// dialect.
[[nodiscard]] Dialect dialect_of(std::string_view path, Dialect fallback);

// Whether a WebSocket on that path speaks OpenAI's Realtime API.
[[nodiscard]] bool is_realtime(std::string_view path);

}  // namespace weir::ai
