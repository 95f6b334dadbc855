#pragma once
// Counts the events of a text/event-stream (WHATWG HTML, section 9.2) as their bytes pass, in pieces of any size.
//
// Engines send an event a token, or nearly so: what has been counted is about how many LLM tokens the answer has come
// to. Comments, events without data and the `[DONE]` at the end are not counted. Nothing is kept but a few bytes of the
// line that is being read.

#include <array>
#include <cstdint>
#include <string_view>

namespace weir::ai {

class EventCounter {
public:
    void push(std::string_view bytes);
    [[nodiscard]] std::uint32_t events() const { return events_; }

private:
    void end_line();

    static constexpr std::string_view kDone = "data: [DONE]";
    std::array<char, kDone.size() + 1> line_{};  // its beginning
    std::size_t line_size_ = 0;                  // of what is kept
    bool line_empty_ = true;
    bool has_data_ = false;
    std::uint32_t events_ = 0;
};

}  // namespace weir::ai
