#pragma once
// Reads an answer's JSON as its bytes pass, in pieces of any size, for its token counts: `usage` where each dialect
// puts it, and the amount of text.
//
//   usage     OpenAI (chat, completions, embeddings, responses) and Anthropic: a member `usage` of the document
//             Responses streams and Realtime: of `response`. Anthropic streams: of `message` at the start, where it is
//             a beginning, then of the event
//             Ollama: prompt_eval_count and eval_count of the document. Gemini: `usageMetadata`
//   text      choices[].delta | message . content, reasoning, tool calls' arguments; choices[].text; `delta` of
//             Anthropic and of Responses; the content and output of whole answers; Ollama's `response` and
//             `message`; Gemini's candidates[].content.parts
//
// Tokens from a prompt cache are included in OpenAI's `prompt_tokens`, and not in Anthropic's `input_tokens`. Reasoning
// tokens may not be included in `completion_tokens`: a total, where there is one, includes everything.
//
// It holds a few dozen bytes whatever passes: its position, the current name and the current number. Text that is not
// JSON, or is nested too deeply, is skipped and yields nothing.

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace weir::ai {

// What the engine reports as read and written, in LLM tokens. `input` includes tokens from its prompt cache.
struct Usage {
    std::optional<std::uint32_t> input;
    std::optional<std::uint32_t> output;
    bool final = false;  // `output` is the total, once the answer has ended; otherwise a beginning

    [[nodiscard]] bool whole() const { return input && output; }
};

class AnswerScanner {
public:
    void push(std::string_view bytes);
    // Begins the next document, such as a stream's next event. The usage read so far is kept.
    void restart();

    // The last usage reported.
    [[nodiscard]] Usage usage() const;
    // The bytes of text in this document so far, without JSON's escapes.
    [[nodiscard]] std::uint64_t text_bytes() const { return text_bytes_; }
    // This document has a shape in which the place of text is known: it has `choices`, or a `type`.
    [[nodiscard]] bool is_known_shape() const { return has_choices_member_ || has_type_; }
    // This document is OpenAI's last chunk, which only `include_usage` adds: no choices, and a usage.
    [[nodiscard]] bool is_usage_chunk() const { return !has_choices_ && has_usage_ && !has_type_; }
    // This document is not that chunk, whatever follows.
    [[nodiscard]] bool is_no_usage_chunk() const { return has_choices_ || has_type_; }

private:
    // What an object or a list is, by its place in the document.
    enum class Place : std::uint8_t {
        other,
        root,
        message,   // Anthropic's at the start, Ollama's in each line
        response,  // of Responses and Realtime
        usage,
        begun_usage,  // at the start
        choices,
        text,
    };
    // The names that matter, in their places.
    enum class Name : std::uint8_t {
        other,
        usage,
        metadata,  // of usage
        message,
        response,
        choices,
        candidates,
        parts,
        delta,
        content,
        output,
        text,  // and all others that hold text in the same way
        input_tokens,
        output_tokens,
        cache_created,
        cache_read,
        prompt_tokens,  // including those from a cache
        total_tokens,
        eval_count,  // Ollama's
        prompt_eval_count,
        type,
    };
    enum class Number : std::uint8_t { none, whole, odd };

    static constexpr std::size_t kDepth = 16;  // deeper than anything that matters
    static constexpr std::size_t kLists = 64;  // up to this depth it is known which containers are lists
    static constexpr std::size_t kLongestName = 28;

    [[nodiscard]] static Name name_of(std::string_view name);
    [[nodiscard]] static Place inside(Place place, Name name);
    [[nodiscard]] Place place() const { return depth_ < kDepth ? places_[depth_] : Place::other; }
    [[nodiscard]] Name name() const { return depth_ < kDepth ? names_[depth_] : Name::other; }
    [[nodiscard]] bool in_list() const { return depth_ < kLists && (lists_ >> depth_ & 1U) != 0; }
    [[nodiscard]] bool holds_text() const;
    // Places whose numbers are token counts.
    [[nodiscard]] static bool is_counted(Place place) {
        return place == Place::usage || place == Place::begun_usage || place == Place::root;
    }

    // Each of these returns how far it has read.
    const char* take_string(const char* at, const char* end);
    const char* take_escape(const char* at, const char* end);
    const char* take_structure(const char* at, const char* end);
    void take_plain(std::string_view plain);
    void begin_string();
    void end_string();
    void open(bool list);
    void close();
    void digit(char c);
    void end_number();
    void set_input(std::uint32_t tokens, bool whole);
    void set_output(std::uint32_t tokens);

    std::array<Place, kDepth> places_{};
    std::array<Name, kDepth> names_{};  // of the member being read, at each depth
    std::uint64_t lists_ = 0;           // a bit per depth
    std::uint32_t depth_ = 0;
    std::uint32_t hex_left_ = 0;  // of a \u escape
    std::uint64_t text_bytes_ = 0;
    std::uint64_t number_ = 0;
    std::array<char, kLongestName> name_text_{};
    std::uint8_t name_size_ = 0;  // kLongestName: too long to matter
    Number number_kind_ = Number::none;
    bool in_string_ = false;
    bool escaped_ = false;
    bool is_name_ = false;      // the string being read is a name
    bool counts_ = false;       // the string being read is text
    bool name_is_due_ = false;  // the next string is a member's name
    bool ended_ = false;
    bool has_type_ = false;
    bool has_choices_member_ = false;
    bool has_choices_ = false;
    bool has_usage_ = false;
    std::optional<std::uint32_t> input_;
    std::optional<std::uint32_t> output_;
    std::optional<std::uint32_t> total_;
    std::uint32_t cache_created_ = 0;
    std::uint32_t cache_read_ = 0;
    bool is_whole_input_ = false;  // `input_` includes tokens from a cache
    bool is_final_ = false;
};

}  // namespace weir::ai
