#include "ai/prefix_key.hpp"

#include <algorithm>
#include <cstring>

#include "ai/json_string.hpp"

namespace weir::ai {
namespace {

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

}  // namespace

void PrefixKey::push(std::string_view bytes) {
    const char* at = bytes.data();
    const char* const end = at + bytes.size();
    while (at < end) {
        if (in_string_) {
            at = read_string(at, end);
            continue;
        }
        const char mark = *at++;
        if (is_space(mark)) continue;
        if (string_ended_) {
            string_ended_ = false;
            if (mark == ':') {
                take_name();
            } else {
                take_text();
            }
        }
        if (mark == '"') begin_string();
        if (mark == '{' || mark == '[') open(mark);
        if (mark == '}' || mark == ']') close(mark);
    }
}

std::uint64_t PrefixKey::value() const {
    if (!has_texts_) return sum_;
    return std::max<std::uint64_t>(sum_ + member_.value(), 1);
}

void PrefixKey::begin_string() {
    in_string_ = true;
    escaped_ = false;
    word_size_ = text_size_ = 0;
    text_ = {};
}

// The quote that ends the string; `end`, and escaped_ is set, if it is not in this piece.
const char* PrefixKey::find_quote(const char* at, const char* end) {
    if (escaped_) ++at;
    escaped_ = false;
    while (at < end) {
        const auto* quote = static_cast<const char*>(std::memchr(at, '"', static_cast<std::size_t>(end - at)));
        if (quote == nullptr) escaped_ = ends_escaping({at, end});
        if (quote == nullptr) break;
        if (!ends_escaping({at, quote})) return quote;
        at = quote + 1;
    }
    return end;
}

const char* PrefixKey::read_string(const char* at, const char* end) {
    const char* const stop = find_quote(at, end);
    const auto size = static_cast<std::size_t>(stop - at);
    const std::size_t start = std::min(size, kNameBytes - word_size_);
    std::copy_n(at, start, word_.begin() + word_size_);
    word_size_ += static_cast<std::uint32_t>(start);
    if (counts_) {
        const std::size_t part = std::min<std::size_t>(size, kTextBytes - text_size_);
        text_.add({at, part});
        text_size_ += static_cast<std::uint32_t>(part);
    }
    if (stop == end) return end;
    in_string_ = false;
    string_ended_ = true;
    return stop + 1;
}

void PrefixKey::take_name() {
    if (depth_ == 1) return begin_member();
    const std::string_view name = word();
    const bool is_text = name == "content" || name == "text" || name == "url" || name == "data";
    name_ = is_text ? Name::text : Name::other;
    if (name == "role" && depth_ == 3 && is_list_) name_ = Name::role;
}

void PrefixKey::begin_member() {
    sum_ = value();
    member_ = {};
    const std::string_view name = word();
    has_turns_ = name == "messages" || name == "input";
    counts_ = has_turns_ || name == "system" || name == "instructions" || name == "prompt";
    has_texts_ = is_list_ = is_user_ = false;
    items_ = 0;
    name_ = Name::text;
    member_.add(name);
}

void PrefixKey::take_text() {
    if (!counts_) return;
    if (name_ == Name::role) is_user_ = word() == "user";
    if (name_ == Name::text) {
        const std::uint64_t hash = text_.value();
        std::array<char, sizeof hash> bytes;
        std::memcpy(bytes.data(), &hash, sizeof hash);
        member_.add({bytes.data(), bytes.size()});
        has_texts_ = true;
    }
    if (depth_ == 1) counts_ = false;
    if (depth_ == 2 && is_list_) end_item();
}

void PrefixKey::open(char mark) {
    if (depth_ == 1) is_list_ = mark == '[';
    if (mark == '{') name_ = Name::other;
    if (depth_ == 2) is_user_ = false;
    ++depth_;
}

void PrefixKey::close(char mark) {
    if (depth_ == 0) return;
    --depth_;
    if (mark == '}') name_ = Name::other;
    if (depth_ == 2 && is_list_) end_item();
    if (depth_ == 1) counts_ = false;
}

void PrefixKey::end_item() {
    name_ = Name::text;
    ++items_;
    if (items_ == kItems || (has_turns_ && is_user_)) counts_ = false;
}

}  // namespace weir::ai
