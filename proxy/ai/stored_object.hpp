#pragma once
// Objects that one server keeps, and only that one knows: OpenAI's responses, files, batches and the like.

#include <string>
#include <string_view>
#include <vector>

namespace weir::ai {

// The id in `/v1/files/ID` and everything under it, for every kind of such objects; empty on other paths.
[[nodiscard]] std::string_view stored_id(std::string_view path);

// Whether the answer to such a request names objects that its endpoint made: the one that `POST /v1/files` asks for,
// the files that a batch writes, the file of a completed upload.
[[nodiscard]] bool names_stored(std::string_view method, std::string_view path);

// The ids of the objects that such an answer names, from its beginning: of a document, or of the `response` in the
// first event of a stream. Without those that are implausibly long.
[[nodiscard]] std::vector<std::string> named_ids(std::string_view path, std::string_view beginning);

}  // namespace weir::ai
