#pragma once
// A key that is the same for all requests of one conversation, so that they can go to the engine whose prefix cache has
// it: a hash of the system prompt and of the messages up to the first turn of the user, which later requests repeat.
//
//   `system`, `instructions`, `prompt`    their texts
//   `messages`, `input`                   a text, or the texts of a list's items up to the first with the role `user`
//
// Of each text its first 1,024 bytes count, as written; of each list its first 8 items. Texts are the strings that
// stand alone or in lists, and those named `content`, `text`, `url` or `data`: a text counts the same alone and as a
// part, and marks for caching, which clients move on from turn to turn, do not count. The order of the members does not
// matter.
//
// Read as the bytes arrive, in one pass and in constant space. It checks nothing: a body that is no JSON has some key.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/stable_hash.hpp"

namespace weir::ai {

class PrefixKey {
public:
    void push(std::string_view bytes);
    // Of what was read so far; 0: no text that counts was among it.
    [[nodiscard]] std::uint64_t value() const;

private:
    static constexpr std::uint32_t kTextBytes = 1024;
    static constexpr std::uint32_t kItems = 8;
    static constexpr std::size_t kNameBytes = 13;  // one more than the longest name that counts

    // What the name of a string within a member says of it.
    enum class Name : std::uint8_t { other, text, role };

    const char* find_quote(const char* at, const char* end);
    const char* read_string(const char* at, const char* end);
    void begin_string();
    void take_name();
    void take_text();
    void begin_member();
    void open(char mark);
    void close(char mark);
    void end_item();
    [[nodiscard]] std::string_view word() const { return {word_.data(), word_size_}; }

    std::uint64_t sum_ = 0;                // of the members before, so that their order does not matter
    StableHash member_;                    // the texts of the member being read
    StableHash text_;                      // the string being read, or the last one
    std::array<char, kNameBytes> word_{};  // its beginning, which may be a name
    std::uint32_t word_size_ = 0;
    std::uint32_t text_size_ = 0;  // bytes of it that count
    std::uint32_t depth_ = 0;      // 1: in the body's object
    std::uint32_t items_ = 0;      // of the member's list
    Name name_ = Name::other;
    bool in_string_ = false;
    bool escaped_ = false;
    bool string_ended_ = false;  // a colon would make it a name
    bool counts_ = false;        // the member does, and it has not had its first user turn
    bool has_texts_ = false;     // the member
    bool is_list_ = false;       // the member
    bool has_turns_ = false;     // the member: it ends with the first turn of the user
    bool is_user_ = false;       // the item being read
};

}  // namespace weir::ai
