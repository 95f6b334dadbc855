#pragma once
// What a request's body asks for, and where in the body each of it stands.
//
// Weir prices and classifies by these members, so no caller may make them mean one thing here and another at the
// engine. Readers of JSON differ in which of two members of one name they take, whether `MODEL` is `model` (Go's is),
// and engines in what they make of `"100"` where a number belongs: on the calls of known APIs such a body is refused
// rather than guessed at (see `fault`), and so is one that is no JSON object (in UTF-8, without a byte order mark) on
// the calls that take nothing else. On other paths members have the meaning that the engine gives them, and kinds are
// not held to.
//
// Names are compared as what they say: `"m\u006fdel"` is `model`.
//
// RequestScanner fills it while the body arrives.

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "ai/api.hpp"
#include "ai/media_price.hpp"

namespace weir::ai {

// How a member's value must be written, on the calls of a known dialect. Null is as good as absent for all of them.
enum class MemberKind : std::uint8_t {
    text,    // a string
    flag,    // true or false
    count,   // a whole number from 0 to 2^31 - 1; `1e2` is one
    length,  // the same, of an answer in tokens; below zero it is without bound (LM Studio, llama.cpp, Ollama)
    part,    // an object whose own members are in this table
    group,   // likewise, but where it is no object it means nothing
    hint,    // prices nothing: whatever it is, and of several the last
    event,   // a string that says which event of the Realtime API it is; nothing elsewhere
    any,     // of more kinds than one
};

// name, name of the object it stands in (empty: the body itself), kind
#define WEIR_MEMBERS(X)                      \
    X(model, "", text)                       \
    X(stream, "", flag)                      \
    X(max_tokens, "", length)                \
    X(max_completion_tokens, "", length)     \
    X(max_output_tokens, "", length)         \
    X(n_predict, "", length)                 \
    X(n, "", count)                          \
    X(best_of, "", count)                    \
    X(service_tier, "", text)                \
    X(priority, "", any)                     \
    X(background, "", flag)                  \
    X(seconds, "", any)                      \
    X(size, "", text)                        \
    X(user, "", hint)                        \
    X(type, "", event)                       \
    X(event_id, "", hint)                    \
    X(previous_response_id, "", hint)        \
    X(min_tokens, "", hint)                  \
    X(prompt, "", any)                       \
    X(thinking, "", hint)                    \
    X(stream_options, "", part)              \
    X(options, "", group)                    \
    X(nvext, "", group)                      \
    X(conversation, "", hint)                \
    X(metadata, "", hint)                    \
    X(include_usage, "stream_options", flag) \
    X(num_predict, "options", length)        \
    X(agent_hints, "nvext", any)             \
    X(id, "conversation", hint)              \
    X(user_id, "metadata", hint)             \
    X(budget_tokens, "thinking", hint)

enum class Member : std::uint8_t {
#define WEIR_MEMBER_ENUM(name, parent, kind) name,
    WEIR_MEMBERS(WEIR_MEMBER_ENUM)
#undef WEIR_MEMBER_ENUM
};

struct MemberRow {
    std::string_view name;
    std::string_view parent;  // empty: the body
    MemberKind kind;
    std::string_view twice;  // what is wrong with a body that has it twice
    std::string_view wrong;  // or of another kind
    std::string_view cased;  // or in other letters
};

inline constexpr auto kMembers = std::to_array<MemberRow>({
#define WEIR_MEMBER_ROW(name, parent, kind)            \
    {#name,                                            \
     parent,                                           \
     MemberKind::kind,                                 \
     "'" #name "' stands in the body twice",           \
     "'" #name "' is not of the kind that it must be", \
     "a member of the body is '" #name "' but for its letters' case"},
    WEIR_MEMBERS(WEIR_MEMBER_ROW)
#undef WEIR_MEMBER_ROW
});
inline constexpr std::size_t kMemberCount = kMembers.size();
static_assert(kMemberCount <= 32, "MemberTable::objects has a bit for each");

[[nodiscard]] constexpr const MemberRow& row(Member member) { return kMembers[static_cast<std::size_t>(member)]; }

// Where a member stands in the body, in bytes from its beginning.
struct MemberSpan {
    std::uint32_t begin = 0;  // its name's opening quote
    std::uint32_t value = 0;
    std::uint32_t end = 0;        // one behind its value
    std::uint16_t kept_at = 0;    // its value as it is written, in MemberTable::kept
    std::uint16_t kept_size = 0;  // 0: it is too long, or holds other values

    [[nodiscard]] bool there() const { return end > 0; }
};

// What is needed of a body's members until it is sent.
struct MemberTable {
    std::uint32_t objects = 0;  // bits of members that are objects
    std::uint32_t inside = 0;   // behind the body's opening brace
    std::array<MemberSpan, kMemberCount> spans{};
    std::string kept;
};

struct RequestFacts {
    Api api = Api::generic;
    bool is_object = false;  // the body is a JSON object, read to its end
    bool stream = false;
    bool include_usage = false;    // a stream's usage is asked for
    bool background = false;       // a job that goes on when its answer has been given
    bool class_unclear = false;    // readers differ in a member that a class may depend on: see `fault`
    std::uint32_t n = 1;           // answers at once: the larger of `n` and `best_of`
    std::uint32_t prompts = 1;     // each with so many answers: a completion takes several
    std::uint64_t body_bytes = 0;  // of the body, as far as it was read
    std::optional<std::uint32_t> max_output_tokens;  // of one answer: the largest of its names; nothing where
                                                     // it has no bound of its own
    MediaTotals media;                               // pictures, sounds and files within it
    // What is wrong with the body, as a sentence for its author, in static storage; empty: nothing. On paths that are
    // no known call only what makes the class unclear is.
    std::string_view fault;
    std::unique_ptr<MemberTable> members;  // null: none was found, or they are not needed any more

    // Bytes of the body that are text, for all that is known.
    [[nodiscard]] std::uint64_t text_bytes() const { return body_bytes - media.bytes; }
    [[nodiscard]] const MemberSpan& at(Member member) const;
    [[nodiscard]] bool holds_object(Member member) const;
    // The value as it is written; empty when it is not there, or not kept.
    [[nodiscard]] std::string_view written(Member member) const;
    // What a member that is a string says; empty when it is not there or no string.
    [[nodiscard]] std::string text(Member member) const;
    // The same as it is written, without its quotes.
    [[nodiscard]] std::string_view raw_text(Member member) const;
    // Whether it asks for a tier of service, on a call whose answers tell theirs by the same names: OpenAI's do,
    // Anthropic's have others.
    [[nodiscard]] bool asks_for_tier() const;
    // Whether a member that is a string says `plain`.
    [[nodiscard]] bool says(Member member, std::string_view plain) const;
};

// Whether engines take `member` for the bound of an answer on that call. Names of other calls and engines can only make
// an answer longer than it is said to be.
[[nodiscard]] bool bounds_answer(Api api, Member member);

// A JSON number that is whole and neither negative nor above 2^31 - 1, as an engine's reader takes it.
[[nodiscard]] std::optional<std::uint32_t> read_count(std::string_view written);

// A JSON number below zero.
[[nodiscard]] bool is_negative(std::string_view written);

// LLM tokens that a prompt of so many bytes comes to: four bytes each, the usual rule of thumb for English text, JSON
// around it included.
[[nodiscard]] std::uint32_t estimated_tokens(std::uint64_t bytes);

}  // namespace weir::ai
