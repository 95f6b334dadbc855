#include "ai/form_scanner.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <optional>
#include <utility>

#include "base/ascii.hpp"
#include "base/json_text.hpp"

namespace weir::ai {
namespace {

constexpr std::size_t kLongestBoundary = 70;
constexpr std::size_t kLongestHead = 4096;
constexpr std::size_t kLongestField = 512;
constexpr std::string_view kNotPlain = "the form is written in a way that readers interpret differently";
constexpr std::string_view kNoForm = "the body is not a complete form (multipart/form-data)";

// `name=value` or `name="value"` from the front of `rest`, after a semicolon; nothing if it is neither, or if the value
// contains an escape.
struct Parameter {
    std::string_view name;
    std::string_view value;
    bool quoted = false;
};
std::optional<Parameter> take_parameter(std::string_view& rest) {
    const std::size_t equals = rest.find('=');
    if (equals == std::string_view::npos) return std::nullopt;
    Parameter parameter{trim(rest.substr(0, equals)), {}, false};
    rest = trim(rest.substr(equals + 1));
    parameter.quoted = rest.starts_with('"');
    if (parameter.quoted) rest.remove_prefix(1);
    const std::size_t end = parameter.quoted ? rest.find('"') : std::min(rest.find(';'), rest.size());
    if (end == std::string_view::npos) return std::nullopt;
    parameter.value = parameter.quoted ? rest.substr(0, end) : trim(rest.substr(0, end));
    if (parameter.value.find('\\') != std::string_view::npos) return std::nullopt;
    rest = trim(rest.substr(std::min(parameter.quoted ? end + 1 : end, rest.size())));
    if (rest.empty()) return parameter;
    if (!rest.starts_with(';')) return std::nullopt;
    rest = trim(rest.substr(1));
    return parameter;
}

std::string_view boundary_of(std::string_view content_type) {
    const std::size_t semicolon = content_type.find(';');
    if (semicolon == std::string_view::npos) return {};
    std::string_view rest = trim(content_type.substr(semicolon + 1));
    std::string_view boundary;
    while (!rest.empty()) {
        const auto parameter = take_parameter(rest);
        if (!parameter) return {};
        if (!equals_ignoring_case(parameter->name, "boundary")) continue;
        if (!boundary.empty()) return {};
        boundary = parameter->value;
    }
    const bool plain = std::all_of(boundary.begin(), boundary.end(), [](char c) { return c > 0x20 && c < 0x7F; });
    return boundary.size() <= kLongestBoundary && plain ? boundary : std::string_view{};
}

constexpr std::array kFields{Member::model, Member::stream, Member::service_tier, Member::seconds,
                             Member::size,  Member::n,      Member::priority};

std::optional<Member> field_of(std::string_view name) {
    for (const Member member : kFields) {
        if (row(member).name == name) return member;
    }
    return std::nullopt;
}

// The spellings of true and false in forms; nothing for any other text.
std::optional<bool> read_flag(std::string_view text) {
    for (const std::string_view yes : {"true", "1", "yes", "on", "t", "y"}) {
        if (equals_ignoring_case(text, yes)) return true;
    }
    for (const std::string_view no : {"false", "0", "no", "off", "f", "n", ""}) {
        if (equals_ignoring_case(text, no)) return false;
    }
    return std::nullopt;
}

}  // namespace

FormScanner::FormScanner(Api api, std::string_view content_type) {
    facts_.api = api;
    const std::string_view boundary = boundary_of(content_type);
    if (boundary.empty()) {
        blame("the form's Content-Type names no boundary");
        state_ = State::broken;
    }
    delimiter_.append("\r\n--").append(boundary);
}

void FormScanner::push(std::string_view bytes) {
    bytes_ += bytes.size();
    while (!bytes.empty()) {
        switch (state_) {
            case State::delimiter_end: bytes = take_delimiter_end(bytes); break;
            case State::head: bytes = take_head(bytes); break;
            case State::preamble:
            case State::content: bytes = take_content(bytes); break;
            default: return;
        }
    }
}

std::string_view FormScanner::take_content(std::string_view bytes) {
    std::size_t at = 0;
    while (at < bytes.size()) {
        if (matched_ == 0) {
            // A delimiter contains a CR only as its first byte, so one search finds every candidate.
            const std::size_t found = std::min(bytes.find('\r', at), bytes.size());
            keep(bytes.substr(at, found - at));
            at = found;
            if (at == bytes.size()) break;
        }
        if (bytes[at] == delimiter_[matched_]) {
            ++at;
            if (++matched_ < delimiter_.size()) continue;
            const std::uint64_t read = bytes_ - (bytes.size() - at);
            if (state_ == State::content) end_part(read - delimiter_.size());
            matched_ = 0;
            line_.clear();
            state_ = State::delimiter_end;
            return bytes.substr(at);
        }
        keep(std::string_view(delimiter_).substr(0, matched_));
        matched_ = 0;
    }
    return {};
}

std::string_view FormScanner::take_delimiter_end(std::string_view bytes) {
    while (!bytes.empty()) {
        line_.push_back(bytes.front());
        bytes.remove_prefix(1);
        if (line_ == "--") {
            state_ = State::epilogue;
            return {};
        }
        if (line_ == "\r\n") {
            head_.assign("\r\n");
            state_ = State::head;
            return bytes;
        }
        if (line_.size() == 2) {
            blame(kNotPlain);
            state_ = State::broken;
            return {};
        }
    }
    return bytes;
}

std::string_view FormScanner::take_head(std::string_view bytes) {
    // Up to the empty line; the kept part of the head is bounded.
    while (!bytes.empty()) {
        const std::size_t end = std::min(bytes.find('\n'), bytes.size() - 1) + 1;
        head_.append(bytes.substr(0, end));
        bytes.remove_prefix(end);
        if (head_.ends_with("\r\n\r\n")) {
            read_head();
            value_at_ = bytes_ - bytes.size();
            matched_ = 0;
            state_ = State::content;
            return bytes;
        }
        if (head_.size() > kLongestHead) {
            blame(kNotPlain);
            state_ = State::broken;
            return {};
        }
    }
    return bytes;
}

void FormScanner::read_head() {
    name_.clear();
    value_.clear();
    reads_ = is_file_ = is_coded_ = overflown_ = false;
    int dispositions = 0;
    std::string_view rest = std::string_view(head_).substr(2);
    while (rest.size() > 2) {
        const std::size_t end = rest.find("\r\n");
        const std::string_view line = rest.substr(0, end);
        rest.remove_prefix(end + 2);
        const std::size_t colon = line.find(':');
        const bool odd = colon == std::string_view::npos || line.find_first_of("\r\n") != std::string_view::npos ||
                         line.front() == ' ' || line.front() == '\t';
        if (odd) return blame(kNotPlain);
        const std::string_view name = trim(line.substr(0, colon));
        const std::string_view value = trim(line.substr(colon + 1));
        if (equals_ignoring_case(name, "content-disposition")) {
            ++dispositions;
            read_disposition(value);
        }
        if (equals_ignoring_case(name, "content-transfer-encoding")) is_coded_ = true;
    }
    if (dispositions != 1) return blame(kNotPlain);
    reads_ = field_of(name_).has_value();
}

void FormScanner::read_disposition(std::string_view value) {
    const std::size_t semicolon = std::min(value.find(';'), value.size());
    std::string_view rest = trim(value.substr(std::min(semicolon + 1, value.size())));
    if (!equals_ignoring_case(trim(value.substr(0, semicolon)), "form-data")) return blame(kNotPlain);
    bool named = false;
    while (!rest.empty()) {
        const std::string_view before = rest;
        const auto parameter = take_parameter(rest);
        if (!parameter) {
            // A file's name may contain anything, and so may the rest of the line.
            if (named && before.starts_with("filename")) {
                is_file_ = true;
                return;
            }
            return blame(kNotPlain);
        }
        if (equals_ignoring_case(parameter->name, "name*")) return blame(kNotPlain);
        is_file_ |=
            equals_ignoring_case(parameter->name, "filename") || equals_ignoring_case(parameter->name, "filename*");
        if (!equals_ignoring_case(parameter->name, "name")) continue;
        if (named || !parameter->quoted) return blame(kNotPlain);
        named = true;
        name_ = parameter->value;
    }
    if (!named) blame(kNotPlain);
}

void FormScanner::keep(std::string_view content) {
    if (!reads_ || state_ != State::content) return;
    overflown_ |= value_.size() + content.size() > kLongestField;
    if (!overflown_) value_.append(content);
}

void FormScanner::end_part(std::uint64_t end) {
    const auto member = field_of(name_);
    if (!reads_ || !member) return;
    if (is_file_ || is_coded_ || overflown_) return blame(kNotPlain);
    if (facts_.at(*member).there()) return blame(row(*member).twice);
    end_field(*member, end);
}

void FormScanner::end_field(Member member, std::uint64_t end) {
    if (!facts_.members) facts_.members = std::make_unique<MemberTable>();
    MemberTable& table = *facts_.members;
    const auto at = static_cast<std::uint16_t>(table.kept.size());
    append_json_string(table.kept, value_);
    const auto size = static_cast<std::uint16_t>(table.kept.size() - at);
    // Beyond 4 GiB a place is not noted; it is there all the same.
    const bool fits = end <= std::numeric_limits<std::uint32_t>::max();
    const std::uint32_t begin = fits ? static_cast<std::uint32_t>(value_at_) : 0;
    table.spans[static_cast<std::size_t>(member)] = {begin, begin, fits ? static_cast<std::uint32_t>(end) : 1, at,
                                                     size};
    if (member == Member::n) {
        if (const auto count = read_count(value_)) facts_.n = std::max(facts_.n, *count);
    }
    if (member != Member::stream) return;
    const auto flag = read_flag(value_);
    facts_.stream = flag.value_or(false);
    if (!flag) blame(row(member).wrong);
}

void FormScanner::blame(std::string_view why) {
    facts_.class_unclear = true;
    if (facts_.fault.empty()) facts_.fault = why;
}

RequestFacts FormScanner::finish() {
    if (state_ != State::epilogue) blame(kNoForm);
    facts_.body_bytes = bytes_;
    return std::move(facts_);
}

}  // namespace weir::ai
