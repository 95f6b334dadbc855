#pragma once
// OpenAI's Realtime API as the stand-in model has it: text only, one response at a time.
//
// `session.created` opens it. `conversation.item.create` adds its text to the prompt; `response.create` is answered
// with `response.created`, one `response.output_text.delta` per token and `response.done` with the usage;
// `response.cancel` ends one. Anything else from a client is accepted and changes nothing. An
// `input_audio_buffer.commit` begins a response by itself, as voice detection does.
//
// Sans-I/O but for the engine: messages go in, others come out.

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lab/mock/engine_driver.hpp"

namespace weir::mock {

class RealtimeSession {
public:
    // `on_progress` is called when there is more to send. REQUIRES: `engine` outlives it.
    RealtimeSession(EngineDriver& engine, std::function<void()> on_progress, std::uint64_t number);

    void message(std::string_view text);
    // Takes in what the engine has given since.
    void catch_up();
    // What is to be sent, in order.
    [[nodiscard]] std::vector<std::string> take_out() { return std::exchange(out_, {}); }

private:
    void create();
    void done(std::string_view status);
    void event(std::string_view type, std::string_view members);
    void error(std::string_view code, std::string_view event_id);

    EngineDriver& engine_;
    std::function<void()> on_progress_;
    std::vector<std::string> out_;
    std::unique_ptr<Generation> generation_;
    Ask ask_;
    std::uint64_t number_;
    std::uint32_t told_ = 0;
    std::uint32_t responses_ = 0;
    std::uint32_t events_ = 0;
    std::uint32_t prompt_tokens_ = 0;
};

}  // namespace weir::mock
