#include "ai/json_members.hpp"

#include "base/sixteen_bytes.hpp"

namespace weir::ai {
namespace {

constexpr int kDeepest = 512;

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }
bool ends_scalar(char c) { return c == ',' || c == ']' || c == '}' || is_space(c); }
bool is_mark(char c) { return c == '"' || c == '{' || c == '}' || c == '[' || c == ']'; }

// The position of the next quote, brace or bracket at or after `at`; the size when there is none.
std::size_t find_mark(std::string_view text, std::size_t at) {
    for (; at + 16 <= text.size(); at += 16) {
        const SixteenBytes bytes = load_sixteen(text.data() + at);
        const SixteenBytes either = bytes | 0x20;  // `[` and `{` differ only in this bit, and so do `]` and `}`
        const std::size_t first = first_marked((bytes == '"') | (either == '{') | (either == '}'));
        if (first < 16) return at + first;
    }
    while (at < text.size() && !is_mark(text[at])) ++at;
    return at;
}

}  // namespace

void JsonCursor::skip_space() {
    while (at_ < text_.size() && is_space(text_[at_])) ++at_;
}

bool JsonCursor::take(char c) {
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
}

bool JsonCursor::skip_string() {
    if (!take('"')) return false;
    const std::size_t begin = at_;
    while (true) {
        // Searching for one character is several times as fast as searching for two.
        const std::size_t quote = text_.find('"', at_);
        if (quote == std::string_view::npos) return false;
        at_ = quote + 1;
        std::size_t backslashes = 0;
        while (quote - backslashes > begin && text_[quote - backslashes - 1] == '\\') ++backslashes;
        if (backslashes % 2 == 0) return true;
    }
}

bool JsonCursor::skip_value() {
    if (at_ >= text_.size()) return false;
    if (text_[at_] == '"') return skip_string();
    if (text_[at_] == '{' || text_[at_] == '[') return skip_nested();
    const std::size_t begin = at_;
    while (at_ < text_.size() && !ends_scalar(text_[at_])) ++at_;
    return at_ > begin;
}

bool JsonCursor::skip_nested() {
    int depth = 0;
    while (at_ < text_.size()) {
        at_ = find_mark(text_, at_);
        if (at_ == text_.size()) return false;
        switch (text_[at_]) {
            case '"':
                if (!skip_string()) return false;
                continue;
            case '{':
            case '[':
                if (++depth > kDeepest) return false;
                break;
            default: --depth;
        }
        ++at_;
        if (depth == 0) return true;
    }
    return false;
}

JsonMembers::JsonMembers(std::string_view text) : JsonCursor(text) {
    skip_space();
    broken_ = !take('{');
    if (!broken_) inside_ = at_;
}

std::optional<JsonMember> JsonMembers::next() {
    if (broken_ || complete_) return std::nullopt;
    broken_ = true;  // until the member is complete
    skip_space();
    if (take('}')) {
        skip_space();
        complete_ = at_ == text_.size();
        return std::nullopt;
    }
    if (!first_) {
        if (!take(',')) return std::nullopt;
        skip_space();
    }
    first_ = false;
    JsonMember member;
    member.begin = at_;
    if (!skip_string()) return std::nullopt;
    member.name = text_.substr(member.begin + 1, at_ - member.begin - 2);
    skip_space();
    if (!take(':')) return std::nullopt;
    skip_space();
    const std::size_t value = at_;
    if (!skip_value()) return std::nullopt;
    member.value = text_.substr(value, at_ - value);
    member.end = at_;
    broken_ = false;
    return member;
}

}  // namespace weir::ai
