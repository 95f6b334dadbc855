#pragma once
// Reads a text/event-stream (WHATWG HTML, section 9.2) as its bytes pass, in pieces of any size: where each event ends,
// and the token counts in its data.
//
// Also reads JSON lines (application/x-ndjson, Ollama's streams), where each line is an event and consists of data
// only.
//
// Engines send about one event per token: an event with up to 16 bytes of text counts as one token, a longer one as one
// for every four bytes. An event of an unknown shape counts as one. Not counted: the events that open and close the
// streams of the known dialects, comments, and the `[DONE]` at the end.

#include <array>
#include <cstdint>
#include <string_view>

#include "ai/answer_scanner.hpp"

namespace weir::ai {

class EventScanner {
public:
    enum class Form : std::uint8_t {
        json_events,   // the data is JSON of a known dialect
        other_events,  // of unknown data: only the number of events is known
        json_lines,
    };
    explicit EventScanner(Form form = Form::json_events) : form_(form) {}

    // Reads on, at most to the end of the next event, or of a comment before one. Returns how many of `bytes` that was;
    // ended() reports whether the event ended.
    std::size_t take(std::string_view bytes);
    void push(std::string_view bytes);

    // An event, including its empty line, has just ended.
    [[nodiscard]] bool ended() const { return ended_; }
    // The event that ended is OpenAI's chunk for `include_usage`.
    [[nodiscard]] bool ended_with_usage_chunk() const { return ended_ && usage_chunk_; }
    // The unfinished event may be the beginning of that chunk: it has more than comments, and nothing that the chunk
    // lacks.
    [[nodiscard]] bool may_be_usage_chunk() const { return !only_comments_ && !json_.is_no_usage_chunk(); }
    // The unfinished event has had nothing but comments so far.
    [[nodiscard]] bool only_comments() const { return only_comments_; }
    // The stream ends here, within an event, and that event is the usage chunk.
    [[nodiscard]] bool ends_in_usage_chunk() const { return !only_comments_ && json_.is_usage_chunk(); }

    // Events with data, so far.
    [[nodiscard]] std::uint32_t events() const { return events_; }
    // LLM tokens of the answer, as counted.
    [[nodiscard]] std::uint32_t tokens() const;
    // The first token has come. Events before the first text, which some dialects send, do not count.
    [[nodiscard]] bool begun() const { return tokens() > 0; }
    [[nodiscard]] Usage usage() const { return json_.usage(); }

private:
    enum class Line : std::uint8_t { unknown, data, other };

    void feed(std::string_view piece);
    void skip_mark(std::string_view& piece);
    void end_start();
    void payload(std::string_view piece);
    void end_line();
    void end_event();

    static constexpr std::string_view kData = "data:";
    static constexpr std::string_view kDone = "[DONE]";
    // A stream of a known kind has sent text within this many events; otherwise it carries something else.
    static constexpr std::uint32_t kOpeningEvents = 8;

    AnswerScanner json_;
    std::uint32_t events_ = 0;
    std::uint32_t text_tokens_ = 0;
    std::array<char, kDone.size() + 1> head_{};  // the beginning of the data, without the space before it
    std::uint8_t head_size_ = 0;
    std::uint8_t matched_ = 0;  // bytes of kData matched so far
    Line line_ = Line::unknown;
    Form form_;
    bool at_start_ = true;   // a byte order mark may follow
    std::uint8_t mark_ = 0;  // bytes of the mark so far
    bool only_comments_ = true;
    bool line_empty_ = true;
    bool space_due_ = false;  // the data of a line begins with the next byte
    bool has_data_ = false;
    bool skip_newline_ = false;  // the LF of a CR LF
    bool ended_ = false;
    bool comment_ended_ = false;
    bool usage_chunk_ = false;
};

}  // namespace weir::ai
