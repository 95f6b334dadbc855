#pragma once
// The part of OpenAI's Realtime API that a gateway must know: JSON events, each a text message on a WebSocket, some of
// which begin and end responses. Only responses cost the engine anything; an idle connection does not.
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

// The kind of the event whose `type` is given.
[[nodiscard]] RealtimeEvent realtime_event(std::string_view type);

// The kind of a server's message that begins with this text; nothing while that is undecided.
[[nodiscard]] std::optional<RealtimeEvent> read_realtime_event(std::string_view beginning);

// The client's own name for an event, as written, if it can be put into one of Weir's; otherwise empty.
[[nodiscard]] std::string_view realtime_event_id(std::string_view written);

// The client's name for the event that the server could not obey, as written; empty without a name. Nothing if the
// whole text is not an `error` event that ends a request for a response.
[[nodiscard]] std::optional<std::string_view> read_realtime_rejection(std::string_view text);

// The `error` event that refuses a response, in answer to the client's event of that name.
[[nodiscard]] std::string word_realtime_error(Reason reason, std::string_view event_id, std::string_view request_id,
                                              Duration retry_after, std::string_view detail = {});

// Asks the server to stop the current response.
inline constexpr std::string_view kRealtimeCancel = R"({"type":"response.cancel"})";

}  // namespace weir::ai
