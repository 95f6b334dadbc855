#pragma once
// OpenAI's Realtime API as far as a gateway must know it: JSON events, each a text message of a WebSocket, of which a
// few begin and end responses. A response is what costs the engine something; a connection without one does not.
//
//   client   response.create                        asks for a response
//   server   response.created .. response.done      one, with its deltas in between
//            error                                  in answer to a client's event that could not be obeyed

#include <optional>
#include <string>
#include <string_view>

#include "base/reason.hpp"
#include "base/time.hpp"

namespace weir::ai {

enum class RealtimeEvent : std::uint8_t {
    other,
    response_create,
    response_created,
    response_delta,
    response_done,
    error
};

// What kind of event it is that says so of its type.
[[nodiscard]] RealtimeEvent realtime_event(std::string_view type);

// What kind of event a server's message is whose text begins like this; nothing while that cannot be told yet.
[[nodiscard]] std::optional<RealtimeEvent> read_realtime_event(std::string_view beginning);

// The client's own name for an event, as it is written, where it can be written into one of Weir's; else empty.
[[nodiscard]] std::string_view realtime_event_id(std::string_view written);

// What the server says it could not obey: the client's name for its event, as it was written; empty when it has none.
// Nothing where the whole text is not an `error` event that ends a request for a response.
[[nodiscard]] std::optional<std::string_view> read_realtime_rejection(std::string_view text);

// The `error` event with which a response is refused, in answer to the client's event of that name.
[[nodiscard]] std::string word_realtime_error(Reason reason, std::string_view event_id, std::string_view request_id,
                                              Duration retry_after, std::string_view detail = {});

// Asks the server to stop the response that it is in.
inline constexpr std::string_view kRealtimeCancel = R"({"type":"response.cancel"})";

}  // namespace weir::ai
