#pragma once
// What passes through a WebSocket tunnel, frame by frame. Nothing is changed on its way: frames go on as they came.
//
// On a Realtime connection a client's message, in text frames or binary ones, is held until it can be told whether it
// asks for a response; then it goes on, waits for a slot with everything behind it, or is dropped and answered with an
// error event. So is one that does not say what it is within its first 64 KiB, frames' heads and all, or says it in a
// way that readers of JSON do not all read alike. One that says it again while it goes on never ends: its client is at
// fault.
//
// What Weir itself has to say waits for the end of the message that is under way on that side, 64 KiB of it at most: a
// client that goes on asking for what is refused meanwhile is at fault.
//
// Sans-I/O: bytes go in, the two outboxes fill. Whoever owns it stops feeding a side whose outbox is not empty.

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
    // `random` gives numbers from 0 to 1, for the masks of Weir's own frames. `slots` is null where the dialect shows
    // no responses; then frames are only held to their form.
    MessageGate(std::function<double()> random, Responses* slots) : random_(std::move(random)), slots_(slots) {}

    // Bytes of a side. What is left of the client's is not empty only while a response waits for its slot.
    [[nodiscard]] std::string_view from_client(std::string_view bytes);
    void from_server(std::string_view bytes);
    // Looks for a verdict that has come, and for responses whose time is over.
    void look();
    // Says to both sides, where that can be said, that the connection ends, and why.
    void close(http::CloseCode code, std::string_view why);

    [[nodiscard]] std::string& to_client() { return to_client_; }
    [[nodiscard]] std::string& to_server() { return to_server_; }
    [[nodiscard]] const std::string& to_client() const { return to_client_; }
    [[nodiscard]] const std::string& to_server() const { return to_server_; }
    // Bytes that wait for something else than the other side, beside the outboxes.
    [[nodiscard]] std::size_t held() const {
        return client_.held.size() + own_to_client_.size() + own_to_server_.size();
    }
    // Whether a message brought anything since this was last asked, from either side: a ping does not.
    [[nodiscard]] bool take_data() { return std::exchange(saw_data_, false); }
    // A side has broken the protocol: what is wrong, or empty.
    [[nodiscard]] std::string_view client_fault() const { return client_.fault; }
    [[nodiscard]] std::string_view server_fault() const { return server_.fault; }
    // Either side has sent its close frame: that the connection ends now is no fault.
    [[nodiscard]] bool closing() const { return closing_; }

private:
    // What becomes of the client's message that is under way.
    enum class Course : std::uint8_t { passes, held, dropped };

    void client_frame(const http::FrameReader::Piece& piece);
    void server_frame(const http::FrameReader::Piece& piece);
    void put(std::string_view raw);
    // What the held message is, once that can be told: at its end at the latest.
    void decide(bool at_end);
    void refuse_unclear();
    void act(Responses::Verdict verdict);
    void notice(bool at_end);
    void tell_client(std::string_view event);
    void cancel();
    void flush_own();
    // Of the client's message that is under way nothing has gone on.
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
    std::string own_to_client_;  // whole frames of ours, for the next place between two messages
    std::string own_to_server_;
    bool saw_data_ = false;
    bool closing_ = false;
};

}  // namespace weir::downstream
