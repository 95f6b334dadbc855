#pragma once
// What a WebSocket's gate asks and reports about the responses on its connection. ResponseSlots is the implementation
// that serves; tests have others.

#include <cstdint>
#include <string>
#include <string_view>

#include "ai/answer_scanner.hpp"

namespace weir::downstream {

class Responses {
public:
    enum class Verdict : std::uint8_t { go, wait, refused };

    virtual ~Responses() = default;

    // The client asks for a response; `event_id` is its name for that event. REQUIRES: none waits.
    [[nodiscard]] virtual Verdict ask(std::string_view event_id) = 0;
    // The state of the waiting one. REQUIRES: one waits.
    [[nodiscard]] virtual Verdict verdict() = 0;
    [[nodiscard]] virtual bool waits() const = 0;

    // The server began one. False when none was requested and none may be added: then it must be cancelled.
    [[nodiscard]] virtual bool created() = 0;
    virtual void delta() = 0;
    // A response has ended; `usage` is what the server reports for it.
    virtual void done(const ai::Usage& usage) = 0;
    // The server rejected the client's event of that name; empty: the client already has a response.
    virtual void rejected(std::string_view event_id) = 0;
    // Gives up responses whose time is over; true if one of them must be cancelled.
    [[nodiscard]] virtual bool give_up_overdue() = 0;

    // Why the last one was refused, worded for the client.
    [[nodiscard]] virtual const std::string& refusal() const = 0;
};

}  // namespace weir::downstream
