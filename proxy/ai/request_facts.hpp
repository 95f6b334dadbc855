#pragma once
// What a request's body asks for, and where in the body each member is.
//
// Weir prices and classifies by these members, so no caller may make them mean one thing here and another at the
// engine. Readers of JSON differ in which of two equally named members they take and in whether `MODEL` is `model` (in
// Go it is), and engines in what they make of `"100"` instead of a number. On the calls of known APIs such a body is
// refused rather than guessed at (see `fault`), and so is one that is not a JSON object (in UTF-8, without a byte order
// mark) on calls that take nothing else. On other paths members have the meaning that the engine gives them, and their
// kinds are not checked.
//
// Names are compared after decoding: `"m\u006fdel"` is `model`.
//
// RequestScanner fills it in while the body arrives.

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

// How a member's value must be written, on the calls of a known dialect. For all of them null counts as absent.
enum class MemberKind : std::uint8_t {
    text,    // a string
    flag,    // true or false
    count,   // a whole number from 0 to 2^31 - 1; `1e2` is one
    length,  // the same, of an answer in tokens; negative means unbounded (LM Studio, llama.cpp, Ollama)
    part,    // an object whose members are in this table
    group,   // the same, but ignored if it is not an object
    hint,    // affects no price: any value, and of several the last counts
    event,   // a string, the type of a Realtime API event; ignored elsewhere
    any,     // of more than one kind
};

// name, name of the object that contains it (empty: the body itself), kind
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
    X(input_file_id, "", hint)               \
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
    std::string_view twice;  // the fault of a body that has it twice
    std::string_view wrong;  // the fault of a value of another kind
    std::string_view cased;  // the fault of a name in other letter case
};

inline constexpr auto kMembers = std::to_array<MemberRow>({
#define WEIR_MEMBER_ROW(name, parent, kind) \
    {#name,                                 \
     parent,                                \
     MemberKind::kind,                      \
     "'" #name "' is in the body twice",    \
     "'" #name "' has the wrong type",      \
     "a member of the body differs from '" #name "' only in case"},
    WEIR_MEMBERS(WEIR_MEMBER_ROW)
#undef WEIR_MEMBER_ROW
});
inline constexpr std::size_t kMemberCount = kMembers.size();
static_assert(kMemberCount <= 32, "MemberTable::objects has a bit for each");

[[nodiscard]] constexpr const MemberRow& row(Member member) { return kMembers[static_cast<std::size_t>(member)]; }

// Where a member is in the body, in bytes from its beginning.
struct MemberSpan {
    std::uint32_t begin = 0;  // the opening quote of its name
    std::uint32_t value = 0;
    std::uint32_t end = 0;        // one past its value
    std::uint16_t kept_at = 0;    // its value as written, in MemberTable::kept
    std::uint16_t kept_size = 0;  // 0: it is too long, or contains other values

    [[nodiscard]] bool there() const { return end > 0; }
};

// What must be known of a body's members until it is sent.
struct MemberTable {
    std::uint32_t objects = 0;  // bits of the members that are objects
    std::uint32_t inside = 0;   // after the body's opening brace
    std::array<MemberSpan, kMemberCount> spans{};
    std::string kept;
};

struct RequestFacts {
    Api api = Api::generic;
    bool is_object = false;  // the body is a JSON object, read to its end
    bool stream = false;
    bool include_usage = false;    // a stream's usage is requested
    bool background = false;       // a job that continues after its answer has been sent
    bool class_unclear = false;    // readers differ about a member that a class may depend on: see `fault`
    std::uint32_t n = 1;           // answers at once: the larger of `n` and `best_of`
    std::uint32_t prompts = 1;     // each with that many answers: a completion takes several
    std::uint64_t body_bytes = 0;  // bytes of the body read so far
    std::optional<std::uint32_t> max_output_tokens;  // of one answer: the largest of its names; nothing where
                                                     // it has no bound of its own
    std::uint64_t prefix_key = 0;                    // PrefixKey, where it was asked for; 0: not known
    MediaTotals media;                               // pictures, sounds and files within it
    // What is wrong with the body, as a sentence for its author, in static storage; empty: nothing. On paths that are
    // not known calls, only faults that make the class unclear.
    std::string_view fault;
    std::unique_ptr<MemberTable> members;  // null: none were found, or they are no longer needed

    // Bytes of the body that are text, as far as is known.
    [[nodiscard]] std::uint64_t text_bytes() const { return body_bytes - media.bytes; }
    [[nodiscard]] const MemberSpan& at(Member member) const;
    [[nodiscard]] bool holds_object(Member member) const;
    // The value as written; empty when it is absent or was not kept.
    [[nodiscard]] std::string_view written(Member member) const;
    // The decoded value of a string member; empty when it is absent or not a string.
    [[nodiscard]] std::string text(Member member) const;
    // The same as written, without its quotes.
    [[nodiscard]] std::string_view raw_text(Member member) const;
    // Whether it asks for a service tier, on a call whose answers report theirs under the same names: OpenAI's do,
    // Anthropic's use others.
    [[nodiscard]] bool asks_for_tier() const;
    // Whether a string member decodes to `plain`.
    [[nodiscard]] bool says(Member member, std::string_view plain) const;
};

// Whether engines treat `member` as the bound of an answer on that call. Names of other calls and engines can only make
// an answer longer than it is said to be.
[[nodiscard]] bool bounds_answer(Api api, Member member);

// A JSON number that is whole, not negative and at most 2^31 - 1, as an engine's reader takes it.
[[nodiscard]] std::optional<std::uint32_t> read_count(std::string_view written);

// A JSON number below zero.
[[nodiscard]] bool is_negative(std::string_view written);

// The LLM tokens of a prompt of that many bytes: four bytes each, the usual rule of thumb for English text, including
// the JSON around it.
[[nodiscard]] std::uint32_t estimated_tokens(std::uint64_t bytes);

}  // namespace weir::ai
