#pragma once
// The members of a JSON object, one after the other, where they stand: for short texts that are here whole, such as a
// job's description or an event. Bodies of requests, which come in pieces, are RequestScanner's.
//
// It follows RFC 8259 for whatever decides where a member begins and ends: strings with their escapes, nesting, commas
// and colons. What stands inside a nested value is not looked at beyond that, and a number or a name there may be
// malformed; the endpoint will say so. Nothing is copied or allocated; the depth is bounded.

#include <cstddef>
#include <optional>
#include <string_view>

namespace weir::ai {

struct JsonMember {
    std::string_view name;   // without its quotes, escapes as they are written
    std::string_view value;  // as it is written, without white space around it
    std::size_t begin = 0;   // where the name's quote stands in the text
    std::size_t end = 0;     // one behind the value
};

// A place in a text, and how to pass over what stands there.
class JsonCursor {
protected:
    explicit JsonCursor(std::string_view text) : text_(text) {}

    void skip_space();
    [[nodiscard]] bool take(char c);
    // Behind the closing quote; the text stands at the opening one.
    [[nodiscard]] bool skip_string();
    [[nodiscard]] bool skip_value();
    [[nodiscard]] bool skip_nested();

    std::string_view text_;
    std::size_t at_ = 0;
};

class JsonMembers : private JsonCursor {
public:
    explicit JsonMembers(std::string_view text);

    // The next member; nothing at the object's end, or where the text is not an object as far as it was read.
    [[nodiscard]] std::optional<JsonMember> next();
    // The whole object has been read, and nothing but white space follows it.
    [[nodiscard]] bool complete() const { return complete_; }
    // Where the first member stands or would stand: behind the opening brace. Nothing when the text is no object.
    [[nodiscard]] std::optional<std::size_t> inside() const { return inside_; }

private:
    std::optional<std::size_t> inside_;
    bool first_ = true;
    bool broken_ = false;
    bool complete_ = false;
};

}  // namespace weir::ai
