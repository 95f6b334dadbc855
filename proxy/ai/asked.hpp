#pragma once
// What a request's body asks for, as far as the judge wants to know, and the one member that Weir may write into it.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace weir::ai {

// LLM tokens that a prompt of so many bytes comes to: four bytes each, the usual rule of thumb for English text, JSON
// around it included. Only ever used to compare and to add up, never to refuse by itself.
[[nodiscard]] std::uint32_t estimated_tokens(std::uint64_t bytes);

// Whether the answer comes as a stream of events: `"stream": true` at the top of the body. A body that is not a JSON
// object does not say so.
[[nodiscard]] bool asks_for_stream(std::string_view body);

// Sets the member `priority` at the top of a JSON object, in place of the client's own: a client must not choose where
// it stands in the engine's queue. Nothing else in the body moves. False, and nothing happens, where the body is not a
// JSON object.
bool set_priority(std::string& body, unsigned priority);

}  // namespace weir::ai
