#pragma once
// Inspects what passes through a WebSocket tunnel, frame by frame. Frames are passed on unchanged.
//
// On a Realtime connection a client's message, in text or binary frames, is held until it is known whether it asks for
// a response; then it is passed on, waits for a slot with everything behind it, or is dropped and answered with an
// error event. Dropped too is a message that does not state its type within its first 64 KiB, frame heads included, or
// states it in a way that JSON readers interpret differently. A message that repeats its type after it has begun to
// pass is never completed: its client is at fault.
//
// Weir's own frames wait for the end of the current message on that side, at most 64 KiB of them: a client that keeps
// asking for what is refused meanwhile is at fault.
//
// Sans-I/O: bytes go in, the two outboxes fill. The owner stops feeding a side whose outbox is not empty.

#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include "ai/answer_scanner.hpp"
#include "ai/realtime.hpp"
#include "ai/request_scanner.hpp"
#include "downstream/websocket/responses.hpp"
#include "http/websocket.hpp"

namespace weir::downstream {

class MessageGate {
public:
    // `random` returns numbers from 0 to 1, for the masks of Weir's own frames. `slots` is null where the dialect has
    // no responses; then frames are only checked for form.
    MessageGate(std::function<double()> random, Responses* slots) : random_(std::move(random)), slots_(slots) {}

    // Takes bytes of a side. The rest of a client's bytes is nonempty only while a response waits for its slot.
    [[nodiscard]] std::string_view from_client(std::string_view bytes);
    void from_server(std::string_view bytes);
    // Checks for a verdict, and for responses whose time is over.
    void look();
    // Tells both sides, as far as that is possible, that the connection ends and why.
    void close(http::CloseCode code, std::string_view why);

    [[nodiscard]] std::string& to_client() { return to_client_; }
    [[nodiscard]] std::string& to_server() { return to_server_; }
    [[nodiscard]] const std::string& to_client() const { return to_client_; }
    [[nodiscard]] const std::string& to_server() const { return to_server_; }
    // Bytes, besides the outboxes, that wait for something other than the other side.
    [[nodiscard]] std::size_t held() const {
        return client_.held.size() + own_to_client_.size() + own_to_server_.size();
    }
    // Whether a message has brought data from either side since the last call: a ping does not.
    [[nodiscard]] bool take_data() { return std::exchange(saw_data_, false); }
    // A side has broken the protocol: how, or empty.
    [[nodiscard]] std::string_view client_fault() const { return client_.fault; }
    [[nodiscard]] std::string_view server_fault() const { return server_.fault; }
    // Either side has sent its close frame: an end of the connection is now no fault.
    [[nodiscard]] bool closing() const { return closing_; }

private:
    // What happens to the client's current message.
    enum class Course : std::uint8_t { passes, held, dropped };

    void client_frame(const http::FrameReader::Piece& piece);
    void server_frame(const http::FrameReader::Piece& piece);
    void put(std::string_view raw);
    // Decides about the held message once its type is known, at its end at the latest.
    void decide(bool at_end);
    void refuse_unclear();
    void act(Responses::Verdict verdict);
    void notice(bool at_end);
    void tell_client(std::string_view event);
    void cancel();
    void flush_own();
    // Nothing of the client's current message has been passed on.
    [[nodiscard]] bool has_put_nothing() const {
        return client_.course != Course::passes && !client_.frames.is_control();
    }

    struct FromClient {
        http::FrameReader frames{true};
        ai::RequestScanner event{ai::Api::realtime};
        std::string held;  // the message as it came
        std::string text;  // a piece of it, unmasked
        std::string_view fault;
        Course course = Course::passes;
    };
    struct FromServer {
        http::FrameReader frames{false};
        ai::AnswerScanner usage;
        std::string text;  // the beginning of the message
        std::size_t next_look = 0;
        std::string_view fault;
        bool is_read = false;      // what the message is has not been told yet
        bool tells_usage = false;  // it is a response's end, and is read to its own
    };

    std::function<double()> random_;
    Responses* slots_;
    FromClient client_;
    FromServer server_;
    std::string to_client_;
    std::string to_server_;
    std::string own_to_client_;  // Weir's complete frames, for the next gap between two messages
    std::string own_to_server_;
    bool saw_data_ = false;
    bool closing_ = false;
};

}  // namespace weir::downstream
