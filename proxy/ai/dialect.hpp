#pragma once
// Which API a request speaks, by its path.

#include <string_view>

#include "base/dialect.hpp"

namespace weir::ai {

// `/v1/messages...` is Anthropic's; `/v1/chat/completions`, `/v1/completions`, `/v1/responses`, `/v1/embeddings`,
// `/v1/videos` and `/v1/models` are OpenAI's. Any other path speaks `fallback`, the backend's own dialect.
[[nodiscard]] Dialect dialect_of(std::string_view path, Dialect fallback);

}  // namespace weir::ai
