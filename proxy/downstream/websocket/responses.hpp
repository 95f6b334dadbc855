#pragma once
// What a WebSocket's gate asks and tells of the responses on its connection. ResponseSlots is the one that serves;
// tests have others.

#include <cstdint>
#include <string>
#include <string_view>

#include "ai/answer_scanner.hpp"

namespace weir::downstream {

class Responses {
public:
    enum class Verdict : std::uint8_t { go, wait, refused };

    virtual ~Responses() = default;

    // The client asks for a response; `event_id` is its name for that. REQUIRES: none waits.
    [[nodiscard]] virtual Verdict ask(std::string_view event_id) = 0;
    // What has become of the one that waits. REQUIRES: one does.
    [[nodiscard]] virtual Verdict verdict() = 0;
    [[nodiscard]] virtual bool waits() const = 0;

    // The server began one. False when nobody had asked for it and there is no room for it: then it is to be cancelled.
    [[nodiscard]] virtual bool created() = 0;
    virtual void delta() = 0;
    // One has ended; what the server says it has cost.
    virtual void done(const ai::Usage& usage) = 0;
    // The server could not obey the client's event of that name; empty: the client has a response already.
    virtual void rejected(std::string_view event_id) = 0;
    // Gives up those whose time is over; whether there was one that must be cancelled.
    [[nodiscard]] virtual bool give_up_overdue() = 0;

    // Why the last one was refused, worded for the client.
    [[nodiscard]] virtual const std::string& refusal() const = 0;
};

}  // namespace weir::downstream
