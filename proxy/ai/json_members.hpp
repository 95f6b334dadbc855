#pragma once
// The members of a JSON object, one after the other, in place: for short texts that are complete, such as a job's
// description or an event. Request bodies, which arrive in pieces, are read by RequestScanner.
//
// It follows RFC 8259 for everything that decides where a member begins and ends: strings with their escapes, nesting,
// commas and colons. Nested values are not checked beyond that: a number or a name there may be malformed, which the
// endpoint will report. Nothing is copied or allocated; the depth is bounded.

#include <cstddef>
#include <optional>
#include <string_view>

namespace weir::ai {

struct JsonMember {
    std::string_view name;   // without its quotes, escapes as written
    std::string_view value;  // as written, without surrounding white space
    std::size_t begin = 0;   // the position of the name's opening quote in the text
    std::size_t end = 0;     // one past the value
};

// A position in a text, and functions that skip what follows it.
class JsonCursor {
protected:
    explicit JsonCursor(std::string_view text) : text_(text) {}

    void skip_space();
    [[nodiscard]] bool take(char c);
    // Moves past the closing quote. REQUIRES: at an opening quote.
    [[nodiscard]] bool skip_string();
    [[nodiscard]] bool skip_value();
    [[nodiscard]] bool skip_nested();

    std::string_view text_;
    std::size_t at_ = 0;
};

class JsonMembers : private JsonCursor {
public:
    explicit JsonMembers(std::string_view text);

    // The next member; nothing at the object's end, or if what was read is not a valid object.
    [[nodiscard]] std::optional<JsonMember> next();
    // The whole object has been read, and only white space follows it.
    [[nodiscard]] bool complete() const { return complete_; }
    // Where the first member is or would be: after the opening brace. Nothing when the text is not an object.
    [[nodiscard]] std::optional<std::size_t> inside() const { return inside_; }

private:
    std::optional<std::size_t> inside_;
    bool first_ = true;
    bool broken_ = false;
    bool complete_ = false;
};

}  // namespace weir::ai
