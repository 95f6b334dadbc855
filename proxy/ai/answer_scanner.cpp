#include "ai/answer_scanner.hpp"

#include <algorithm>
#include <limits>

#include "base/ascii.hpp"
#include "base/sixteen_bytes.hpp"

namespace weir::ai {
namespace {

constexpr std::uint64_t kMaxTokens = std::numeric_limits<std::int32_t>::max();

// The position of the next quote or backslash; `end` when there is none.
const char* find_string_end(const char* at, const char* end) {
    for (; end - at >= 16; at += 16) {
        const SixteenBytes bytes = load_sixteen(at);
        const std::size_t first = first_marked((bytes == '"') | (bytes == '\\'));
        if (first < 16) return at + first;
    }
    while (at < end && *at != '"' && *at != '\\') ++at;
    return at;
}

}  // namespace

AnswerScanner::Name AnswerScanner::name_of(std::string_view name) {
    switch (name.size()) {
        case 4: return name == "text" ? Name::text : name == "type" ? Name::type : Name::other;
        case 5:
            if (name == "usage") return Name::usage;
            if (name == "parts") return Name::parts;
            return name == "delta" ? Name::delta : Name::other;
        case 6: return name == "output" ? Name::output : Name::other;
        case 7:
            if (name == "choices") return Name::choices;
            if (name == "content") return Name::content;
            if (name == "message") return Name::message;
            return name == "refusal" ? Name::text : Name::other;
        case 8: return name == "response" ? Name::response : name == "thinking" ? Name::text : Name::other;
        case 9: return name == "reasoning" || name == "arguments" ? Name::text : Name::other;
        case 10:
            if (name == "candidates") return Name::candidates;
            return name == "eval_count" ? Name::eval_count : Name::other;
        case 12:
            if (name == "input_tokens") return Name::input_tokens;
            if (name == "total_tokens") return Name::total_tokens;
            return name == "partial_json" ? Name::text : Name::other;
        case 13:
            if (name == "prompt_tokens") return Name::prompt_tokens;
            if (name == "usageMetadata") return Name::metadata;
            return name == "output_tokens" ? Name::output_tokens : Name::other;
        case 15: return name == "totalTokenCount" ? Name::total_tokens : Name::other;
        case 16: return name == "promptTokenCount" ? Name::prompt_tokens : Name::other;
        case 17:
            if (name == "completion_tokens") return Name::output_tokens;
            if (name == "prompt_eval_count") return Name::prompt_eval_count;
            return name == "reasoning_content" ? Name::text : Name::other;
        case 20: return name == "candidatesTokenCount" ? Name::output_tokens : Name::other;
        case 23: return name == "cache_read_input_tokens" ? Name::cache_read : Name::other;
        case 27: return name == "cache_creation_input_tokens" ? Name::cache_created : Name::other;
        default: return Name::other;
    }
}

AnswerScanner::Place AnswerScanner::inside(Place place, Name name) {
    switch (place) {
        case Place::root:
            if (name == Name::usage || name == Name::metadata) return Place::usage;
            if (name == Name::message) return Place::message;
            if (name == Name::response) return Place::response;
            if (name == Name::choices || name == Name::candidates) return Place::choices;
            return name == Name::delta || name == Name::content || name == Name::output ? Place::text : Place::other;
        case Place::message: return name == Name::usage ? Place::begun_usage : Place::other;
        case Place::response: return name == Name::usage ? Place::usage : Place::other;
        case Place::choices:
            return name == Name::delta || name == Name::message || name == Name::content ? Place::text : Place::other;
        case Place::text: return Place::text;
        default: return Place::other;
    }
}

bool AnswerScanner::holds_text() const {
    switch (place()) {
        case Place::root: return name() == Name::delta || name() == Name::response;
        case Place::message: return name() == Name::content || name() == Name::text;
        case Place::choices: return name() == Name::text;
        case Place::text: return name() == Name::text || name() == Name::content;
        default: return false;
    }
}

Usage AnswerScanner::usage() const {
    Usage usage{input_, output_, is_final_};
    if (usage.input && !is_whole_input_) {
        const std::uint64_t all = std::uint64_t{*input_} + cache_created_ + cache_read_;
        usage.input = static_cast<std::uint32_t>(std::min(all, kMaxTokens));
    }
    if (!total_) return usage;
    if (usage.input) usage.input = std::min(*usage.input, *total_);
    if (usage.output && usage.input) usage.output = std::max(*usage.output, *total_ - *usage.input);
    return usage;
}

void AnswerScanner::restart() {
    depth_ = 0;
    lists_ = 0;
    hex_left_ = 0;
    text_bytes_ = 0;
    number_kind_ = Number::none;
    in_string_ = escaped_ = name_is_due_ = ended_ = has_type_ = has_choices_member_ = has_choices_ = has_usage_ = false;
}

void AnswerScanner::push(std::string_view bytes) {
    const char* at = bytes.data();
    const char* const end = at + bytes.size();
    while (at < end && !ended_) at = in_string_ ? take_string(at, end) : take_structure(at, end);
}

const char* AnswerScanner::take_string(const char* at, const char* end) {
    while (at < end) {
        if (escaped_ || hex_left_ > 0) {
            at = take_escape(at, end);
            continue;
        }
        const char* const stop = find_string_end(at, end);
        take_plain({at, stop});
        if (stop == end) return end;
        at = stop + 1;
        escaped_ = *stop == '\\';
        if (!escaped_) {
            end_string();
            return at;
        }
        name_size_ = kLongestName;  // no name that matters contains an escape
    }
    return at;
}

void AnswerScanner::take_plain(std::string_view plain) {
    if (counts_) text_bytes_ += plain.size();
    if (!is_name_) return;
    const std::size_t count = std::min<std::size_t>(kLongestName - name_size_, plain.size());
    std::copy_n(plain.begin(), count, name_text_.begin() + name_size_);
    name_size_ = static_cast<std::uint8_t>(name_size_ + count);
}

const char* AnswerScanner::take_escape(const char* at, const char* end) {
    if (escaped_) {
        const bool unicode = *at == 'u';
        escaped_ = false;
        hex_left_ = unicode ? 4 : 0;
        // `\u00e9` is usually two bytes of UTF-8.
        if (counts_) text_bytes_ += unicode ? 2 : 1;
        return at + 1;
    }
    for (; at < end && hex_left_ > 0; ++at, --hex_left_) {
        // An escape cut short by a quote is malformed, and ends there.
        if (*at != '"') continue;
        hex_left_ = 0;
        break;
    }
    return at;
}

void AnswerScanner::begin_string() {
    in_string_ = true;
    hex_left_ = 0;
    is_name_ = name_is_due_ && place() != Place::other;
    counts_ = !name_is_due_ && holds_text();
    name_size_ = 0;
}

void AnswerScanner::end_string() {
    in_string_ = false;
    if (!is_name_) return;
    is_name_ = false;
    names_[depth_] = name_of({name_text_.data(), name_size_});
    has_type_ = has_type_ || (names_[depth_] == Name::type && places_[depth_] == Place::root);
}

// Reads up to the next string, or to the end of the document.
const char* AnswerScanner::take_structure(const char* at, const char* end) {
    while (at < end) {
        const char c = *at++;
        switch (c) {
            case '"': begin_string(); return at;
            case '{': open(false); break;
            case '[': open(true); break;
            case ':': name_is_due_ = false; break;
            case ',':
                end_number();
                name_is_due_ = !in_list();
                break;
            case '}':
            case ']':
                close();
                if (ended_) return at;
                break;
            default:
                if (is_counted(place()) && !name_is_due_) digit(c);
        }
    }
    return at;
}

void AnswerScanner::open(bool list) {
    const Place around = place();
    const bool at_root = depth_ == 0;
    // The elements of a list have the place and the name of the list.
    const bool element = in_list();
    Place opened = at_root ? Place::root : element ? around : inside(around, name());
    // Gemini sends a list of documents unless it is asked for events.
    if (list && !at_root && opened != Place::choices && opened != Place::text) opened = Place::other;
    if (around == Place::choices && element) has_choices_ = true;
    if (around == Place::root && opened == Place::choices) has_choices_member_ = true;
    const Name inherited = name();
    ++depth_;
    if (depth_ < kDepth) {
        places_[depth_] = opened;
        names_[depth_] = list ? inherited : Name::other;
    }
    if (depth_ < kLists) {
        const std::uint64_t bit = std::uint64_t{1} << depth_;
        lists_ = list ? lists_ | bit : lists_ & ~bit;
    }
    name_is_due_ = !list;
    number_kind_ = Number::none;
}

void AnswerScanner::close() {
    end_number();
    if (depth_ > 0) --depth_;
    ended_ = depth_ == 0;
    name_is_due_ = false;
}

void AnswerScanner::digit(char c) {
    if (c == ' ' || c == '\t' || c == '\r' || c == '\n') return;
    if (!is_digit(c)) {
        number_kind_ = Number::odd;
        return;
    }
    if (number_kind_ == Number::none) number_ = 0;
    if (number_kind_ != Number::odd) number_kind_ = Number::whole;
    number_ = std::min(number_ * 10 + static_cast<std::uint64_t>(c - '0'), kMaxTokens + 1);
}

void AnswerScanner::end_number() {
    const bool whole = number_kind_ == Number::whole && number_ <= kMaxTokens && is_counted(place()) && !in_list();
    number_kind_ = Number::none;
    if (!whole) return;
    const auto tokens = static_cast<std::uint32_t>(number_);
    // In the document itself only Ollama's names count.
    if (place() == Place::root) {
        if (name() == Name::eval_count) set_output(tokens);
        if (name() == Name::prompt_eval_count) set_input(tokens, true);
        return;
    }
    switch (name()) {
        case Name::input_tokens: set_input(tokens, false); break;
        case Name::prompt_tokens: set_input(tokens, true); break;
        case Name::output_tokens: set_output(tokens); break;
        case Name::cache_created: cache_created_ = tokens; break;
        case Name::cache_read: cache_read_ = tokens; break;
        case Name::total_tokens: total_ = tokens; break;
        default: return;
    }
    has_usage_ = true;
}

void AnswerScanner::set_input(std::uint32_t tokens, bool whole) {
    input_ = tokens;
    is_whole_input_ = whole;
}

void AnswerScanner::set_output(std::uint32_t tokens) {
    output_ = tokens;
    is_final_ = place() != Place::begun_usage;
}

}  // namespace weir::ai
