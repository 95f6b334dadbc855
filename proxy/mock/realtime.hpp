#pragma once
// OpenAI's Realtime API as the stand-in model has it: text only, one response at a time.
//
// `session.created` opens it. `conversation.item.create` adds its text to the prompt; `response.create` is answered
// with `response.created`, an `response.output_text.delta` a token and `response.done` with the usage;
// `response.cancel` ends one. What else a client says is accepted and changes nothing. An `input_audio_buffer.commit`
// begins a response by itself, as voice detection does.
//
// Sans-I/O but for the engine: bytes go in, `out` fills.

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "http/websocket.hpp"
#include "mock/engine_driver.hpp"

namespace weir::mock {

// What a handshake with that key is answered (RFC 6455 section 4.2.2), up to the first frame.
[[nodiscard]] std::string realtime_opening(std::string_view key);

class RealtimeSession {
public:
    // REQUIRES: both outlive it. `waker` is woken when there is more to say.
    RealtimeSession(EngineDriver& engine, net::Wakeable& waker, std::uint64_t number);

    void push(std::string_view bytes);
    // Appends to out() what the engine has given since.
    void catch_up();

    [[nodiscard]] std::string& out() { return out_; }
    [[nodiscard]] bool closed() const { return closed_; }

private:
    void frame_ended();
    void message(std::string_view text);
    void create();
    void done(std::string_view status);
    void event(std::string_view type, std::string_view members);
    void error(std::string_view code, std::string_view event_id);

    EngineDriver& engine_;
    net::Wakeable& waker_;
    http::FrameReader reader_{true};
    std::string text_;     // of the message under way
    std::string control_;  // of the control frame under way
    std::string out_;
    std::unique_ptr<Generation> generation_;
    Ask ask_;
    std::uint64_t number_;
    std::uint32_t told_ = 0;
    std::uint32_t responses_ = 0;
    std::uint32_t events_ = 0;
    std::uint32_t prompt_tokens_ = 0;
    bool closed_ = false;
};

}  // namespace weir::mock
