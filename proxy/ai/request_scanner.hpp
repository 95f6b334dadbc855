#pragma once
// Reads a request's body as its bytes arrive, in pieces of any size, for RequestFacts: one pass, however long the body
// is, and only the requested values are kept, of at most 512 bytes each.
//
// It follows RFC 8259 for everything that decides where a member begins and ends: strings with their escapes, nesting,
// commas and colons. Values that are not requested are not checked beyond that: a number or a name there may be
// malformed, which the endpoint will report. Depth is bounded by 512.
//
// Pictures, sounds and files in base64 are found by their place: below `messages`, `input`, `system` or `contents`, and
// only through the names that APIs use on the way to them, so that no text can be labelled a picture to be cheap. An
// engine that reads such a place reads a picture there or refuses it.

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "ai/media_text.hpp"
#include "ai/request_facts.hpp"
#include "ai/request_scanner.hpp"

namespace weir::ai {

class RequestScanner {
public:
    explicit RequestScanner(Api api) { facts_.api = api; }

    void push(std::string_view bytes);
    // What is known so far.
    [[nodiscard]] const RequestFacts& so_far() const { return facts_; }
    // The body is not a JSON object, whatever follows.
    [[nodiscard]] bool broken() const { return state_ == State::broken; }
    // Call once, when the body has ended: what it asks for.
    [[nodiscard]] RequestFacts finish();

private:
    enum class State : std::uint8_t {
        // between two values or names: the next mark decides
        start,
        name_due,
        colon,
        value_due,
        value_end,
        ended,
        // inside one
        name,
        string,
        scalar,
        nested,
        broken,
    };
    // The names on the way to media, and those that hold them.
    enum class Key : std::uint8_t {
        other,
        passage,  // `content` and similar: parts are inside
        holder,   // an object with `data`
        link,     // a URL, or an object with one
        source,   // Anthropic's: an object with either
        list,     // of pictures (Ollama)
        url,
        data,
        file_data,
        type,
    };

    static constexpr std::size_t kLongestName = 192;  // as written: 31 characters, all of them escaped
    static constexpr std::size_t kLongestValue = 512;
    static constexpr std::size_t kDeepest = 512;
    static constexpr std::uint32_t kTooLongName = 17;  // too long for a name that matters
    static constexpr std::size_t kWatched = 16;        // deeper than any media

    // A container inside a value.
    struct Level {
        bool is_list = false;
        bool passes = false;  // it may contain media
        Key key = Key::other;
        MediaKind hint = MediaKind::unknown;
        Key member = Key::other;  // of an object: the member being read
        MediaKind member_hint = MediaKind::unknown;
    };

    const char* step_name(const char* at, const char* end);
    const char* step_string(const char* at, const char* end);
    const char* step_scalar(const char* at, const char* end);
    const char* step_nested(const char* at, const char* end);
    // Moves past the quote that ends the string; returns `end`, and in_string_ stays set, if it is not in this piece.
    const char* skip_string(const char* at, const char* end);
    const char* step_between(const char* at, const char* end);
    // Takes the mark at `at`; returns where the next token begins.
    const char* take_mark(const char* at);
    void begin_name(std::uint32_t at);
    void end_name();
    void begin_value(char first, std::uint32_t at);
    void end_value(std::uint32_t end);
    void begin_inner();
    void begin_nested(char first);
    void end_object(std::uint32_t end);
    [[nodiscard]] MemberSpan& place(Member member) { return table_->spans[static_cast<std::size_t>(member)]; }
    void note(Member member, std::string_view value, bool is_object);
    void note_text(Member member, std::string_view value);
    void note_number(Member member, std::string_view value);
    void set_flag(Member member, bool value);
    void set_count(Member member, std::uint32_t value);
    void blame(std::string_view why);
    void blame_reading(Member member, std::string_view why);
    void keep(std::string_view raw);

    void open_level(bool list);
    void close_level();
    void begin_nested_string();
    void take_nested_text(std::string_view raw);
    // A string has ended; `is_name` if a colon follows.
    void end_nested_string(bool is_name);
    void end_source();
    // The innermost container if it may contain media, otherwise null.
    [[nodiscard]] Level* passing();
    [[nodiscard]] MediaPlace media_place(const Level& level) const;
    [[nodiscard]] static Key key_of(std::string_view name, MediaKind& hint);

    [[nodiscard]] std::uint32_t offset(const char* at) const {
        return static_cast<std::uint32_t>(before_ + static_cast<std::uint64_t>(at - piece_));
    }

    RequestFacts facts_;
    MemberTable* table_ = nullptr;  // of the facts, from the opening brace on
    std::uint32_t longest_ = 0;     // the largest of the lengths that bound an answer
    bool bounded_ = false;          // one of them belongs to this call
    bool unbounded_ = false;        // one of them says that there is no bound
    const char* piece_ = nullptr;   // the piece being read
    std::uint64_t before_ = 0;      // bytes of the pieces before it
    State state_ = State::start;
    bool first_ = true;  // no member of this object has been read yet
    bool in_string_ = false;
    bool escaped_ = false;  // the string continues after a backslash

    // the member being read
    bool known_ = false;  // it is in the table
    bool inner_ = false;  // it is in an object within the body
    bool keeps_ = false;  // its value is kept
    bool overflown_ = false;
    bool is_list_ = false;
    Member member_ = Member::model;
    Member parent_ = Member::model;
    std::uint32_t begin_ = 0;
    std::uint32_t value_ = 0;
    std::string text_;  // its name, then its value

    // inside a value
    std::uint32_t depth_ = 0;
    std::array<Level, kWatched> levels_{};
    std::array<char, 16> short_text_{};  // the beginning of a string that may be a name
    std::uint32_t short_size_ = 0;
    std::uint32_t elements_ = 0;  // strings and lists in the outermost list: prompts
    bool after_string_ = false;   // a string has ended: a colon would make it a name
    bool source_waits_ = false;   // `source.data` has ended, and its `type` may still follow
    bool source_is_coded_ = false;
    bool source_is_other_ = false;
    MediaText media_;
};

// Reads the whole of `body` at once.
[[nodiscard]] RequestFacts read_facts(Api api, std::string_view body);

}  // namespace weir::ai
