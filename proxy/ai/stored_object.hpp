#pragma once
// Objects that one server keeps, and only that one knows: OpenAI's responses, files, batches and the like.

#include <string>
#include <string_view>

namespace weir::ai {

// The id in `/v1/files/ID` and everything under it, for every kind of such objects; empty on other paths.
[[nodiscard]] std::string_view stored_id(std::string_view path);

// Whether a POST to that path makes one: `/v1/files`.
[[nodiscard]] bool makes_stored(std::string_view path);

// The id of the object that an answer describes, from its beginning: of a document, or of the `response` in the first
// event of a stream. Empty where there is none, or it is implausibly long.
[[nodiscard]] std::string made_id(std::string_view beginning);

}  // namespace weir::ai
