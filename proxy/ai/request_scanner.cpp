#include "ai/request_scanner.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>
#include <optional>
#include <utility>

#include "ai/json_string.hpp"
#include "base/ascii.hpp"

namespace weir::ai {
namespace {

constexpr std::string_view kNoObject = "the body is not a JSON object";
constexpr std::string_view kTooLong = "a member that decides how the request is served is longer than 512 bytes";

// One comparison rules out everything that is neither a control character nor a space.
bool is_space(char c) {
    return static_cast<unsigned char>(c) <= ' ' && (c == ' ' || c == '\t' || c == '\r' || c == '\n');
}
bool ends_scalar(char c) { return c == ',' || c == ']' || c == '}' || is_space(c); }
const char* skip_space(const char* at, const char* end) {
    while (at < end && is_space(*at)) ++at;
    return at;
}

constexpr std::size_t kLongestKnown = 31;

// For each length, a bit for each member with a name of that length: a name is compared only with those.
constexpr auto kByLength = [] {
    std::array<std::uint32_t, kLongestKnown + 1> bits{};
    for (std::size_t i = 0; i < kMemberCount; ++i) bits.at(kMembers[i].name.size()) |= std::uint32_t{1} << i;
    return bits;
}();

std::optional<Member> find_member(std::string_view parent, std::string_view name) {
    if (name.size() > kLongestKnown) return std::nullopt;
    for (std::uint32_t left = kByLength[name.size()]; left != 0; left &= left - 1) {
        const auto i = static_cast<std::size_t>(std::countr_zero(left));
        if (kMembers[i].name == name && kMembers[i].parent == parent) return static_cast<Member>(i);
    }
    return std::nullopt;
}

// The name as Go's reader compares it: ignoring case, where two non-ASCII letters count as `s` and `k`.
std::string folded(std::string_view name) {
    std::string out;
    for (std::size_t i = 0; i < name.size(); ++i) {
        const char c = name[i];
        if (name.substr(i).starts_with("\u017F")) {
            out.push_back('s');
            i += 1;
        } else if (name.substr(i).starts_with("\u212A")) {
            out.push_back('k');
            i += 2;
        } else {
            out.push_back(lower(c));
        }
    }
    return out;
}

bool may_fold(std::string_view name) {
    return std::any_of(name.begin(), name.end(), [](char c) { return is_capital(c) || (c & 0x80) != 0; });
}

// A class, or the engine's own scheduling order, may depend on it.
bool decides(Member member) {
    return member == Member::model || member == Member::stream || member == Member::service_tier;
}

// Its own members are in the table.
bool is_read_inside(MemberKind kind) {
    return kind == MemberKind::part || kind == MemberKind::group || kind == MemberKind::hint;
}

}  // namespace

void RequestScanner::push(std::string_view bytes) {
    piece_ = bytes.data();
    const char* at = bytes.data();
    const char* const end = at + bytes.size();
    // Positions are 32 bits wide: a body larger than any that is accepted is not read further.
    if (before_ + bytes.size() > std::numeric_limits<std::uint32_t>::max()) state_ = State::broken;
    while (at < end) {
        switch (state_) {
            case State::name: at = step_name(at, end); break;
            case State::string: at = step_string(at, end); break;
            case State::scalar: at = step_scalar(at, end); break;
            case State::nested: at = step_nested(at, end); break;
            case State::broken: at = end; break;
            default: at = step_between(at, end);
        }
    }
    before_ += bytes.size();
}

const char* RequestScanner::step_between(const char* at, const char* end) {
    while (state_ <= State::ended) {
        at = skip_space(at, end);
        if (at == end) return end;
        at = take_mark(at);
    }
    return at;
}

const char* RequestScanner::take_mark(const char* at) {
    const char c = *at;
    const State state = std::exchange(state_, State::broken);  // unless it continues as it should
    switch (state) {
        case State::start:
            if (c != '{') break;
            facts_.members = std::make_unique<MemberTable>();
            table_ = facts_.members.get();
            table_->kept.reserve(128);
            table_->inside = offset(at) + 1;
            state_ = State::name_due;
            break;
        case State::name_due:
            if (c == '"') begin_name(offset(at));
            if (c == '}' && first_) end_object(offset(at) + 1);
            break;
        case State::colon:
            if (c == ':') state_ = State::value_due;
            break;
        case State::value_due: begin_value(c, offset(at)); return state_ == State::scalar ? at : at + 1;
        case State::value_end:
            if (c == ',') state_ = State::name_due;
            if (c == '}') end_object(offset(at) + 1);
            break;
        default: facts_.is_object = false;  // something follows the object
    }
    return at + 1;
}

void RequestScanner::begin_name(std::uint32_t at) {
    begin_ = at;
    state_ = State::name;
    in_string_ = true;
    escaped_ = false;
    text_.clear();
}

const char* RequestScanner::step_name(const char* at, const char* end) {
    const char* const stop = skip_string(at, end);
    const char* const text_end = in_string_ ? stop : stop - 1;
    const std::size_t space = kLongestName + 1 - text_.size();
    text_.append(at, std::min(space, static_cast<std::size_t>(text_end - at)));
    if (!in_string_) end_name();
    return stop;
}

void RequestScanner::end_name() {
    state_ = State::colon;
    first_ = false;
    known_ = false;
    if (text_.size() > kLongestName) return;
    if (text_.find('\\') != std::string::npos) {
        auto said = unescape_json(text_);
        if (!said) return;
        text_ = std::move(*said);
    }
    const std::string_view parent = inner_ ? row(parent_).name : std::string_view{};
    if (const auto found = find_member(parent, text_)) {
        known_ = true;
        member_ = *found;
    } else if (may_fold(text_)) {
        const auto other = find_member(parent, folded(text_));
        // On other paths such a name may be a separate member.
        const bool counts = other && (is_known(facts_.api) || decides(*other));
        if (counts && row(*other).kind != MemberKind::hint) blame_reading(*other, row(*other).cased);
    }
}

void RequestScanner::begin_value(char first, std::uint32_t at) {
    value_ = at;
    const bool nested = first == '{' || first == '[';
    if (known_) {
        const std::uint32_t bit = 1U << static_cast<unsigned>(member_);
        table_->objects = first == '{' ? table_->objects | bit : table_->objects & ~bit;
        if (place(member_).there() && row(member_).kind != MemberKind::hint) blame_reading(member_, row(member_).twice);
        place(member_) = {begin_, value_, value_ + 1, 0, 0};
    }
    if (known_ && !inner_ && first == '{' && is_read_inside(row(member_).kind)) return begin_inner();
    if (nested) return begin_nested(first);
    keeps_ = known_;
    overflown_ = is_list_ = false;
    if (keeps_) text_.assign(first == '"' ? "\"" : "");
    in_string_ = first == '"';
    escaped_ = false;
    state_ = in_string_ ? State::string : State::scalar;
}

// Its own members are in the table: they are read like those of the body.
void RequestScanner::begin_inner() {
    parent_ = member_;
    inner_ = true;
    first_ = true;
    state_ = State::name_due;
}

void RequestScanner::keep(std::string_view raw) {
    if (!keeps_) return;
    overflown_ |= text_.size() + raw.size() > kLongestValue;
    if (!overflown_) text_.append(raw);
}

const char* RequestScanner::skip_string(const char* at, const char* end) {
    const char* begin = at;
    if (escaped_ && at < end) {
        escaped_ = false;
        begin = ++at;
    }
    while (at < end) {
        // Searching for one character is several times as fast as searching for two.
        const auto* quote = static_cast<const char*>(std::memchr(at, '"', static_cast<std::size_t>(end - at)));
        if (quote == nullptr) {
            escaped_ = ends_escaping({begin, end});
            return end;
        }
        at = quote + 1;
        if (!ends_escaping({begin, quote})) {
            in_string_ = false;
            return at;
        }
        begin = at;
    }
    return at;
}

const char* RequestScanner::step_string(const char* at, const char* end) {
    const char* const stop = skip_string(at, end);
    keep({at, stop});
    if (!in_string_) end_value(offset(stop));
    return stop;
}

const char* RequestScanner::step_scalar(const char* at, const char* end) {
    const char* stop = at;
    while (stop < end && !ends_scalar(*stop)) ++stop;
    keep({at, stop});
    if (stop == end) return end;
    if (offset(stop) == value_) {
        state_ = State::broken;
    } else {
        end_value(offset(stop));
    }
    return stop;
}

void RequestScanner::end_value(std::uint32_t end) {
    state_ = State::value_end;
    if (!known_) return;
    MemberSpan& span = place(member_);
    span.end = end;
    std::string& kept = table_->kept;
    if (keeps_ && !overflown_ && kept.size() + text_.size() <= std::numeric_limits<std::uint16_t>::max()) {
        span.kept_at = static_cast<std::uint16_t>(kept.size());
        span.kept_size = static_cast<std::uint16_t>(text_.size());
        kept.append(text_);
    }
    note(member_, span.kept_size == 0 ? std::string_view{} : std::string_view(text_), facts_.holds_object(member_));
}

void RequestScanner::end_object(std::uint32_t end) {
    if (!inner_) {
        state_ = State::ended;
        facts_.is_object = true;
        return;
    }
    inner_ = false;
    place(parent_).end = end;
    state_ = State::value_end;
}

RequestFacts RequestScanner::finish() {
    facts_.body_bytes = before_;
    if (bounded_ && !unbounded_) facts_.max_output_tokens = longest_;
    facts_.media.bytes = std::min(facts_.media.bytes, facts_.body_bytes);
    if (is_known(facts_.api) && !facts_.is_object && facts_.body_bytes > 0) facts_.fault = kNoObject;
    return std::move(facts_);
}

RequestFacts read_facts(Api api, std::string_view body) {
    RequestScanner scanner(api);
    scanner.push(body);
    return scanner.finish();
}

void RequestScanner::blame(std::string_view why) {
    if (facts_.fault.empty() && is_known(facts_.api)) facts_.fault = why;
}

// Other readers may take another of the members than Weir does.
void RequestScanner::blame_reading(Member member, std::string_view why) {
    if (row(member).kind == MemberKind::event && facts_.api != Api::realtime) return;
    facts_.class_unclear |= decides(member);
    if (facts_.api != Api::generic || decides(member)) facts_.fault = why;  // the more serious one
}

void RequestScanner::note(Member member, std::string_view value, bool is_object) {
    const MemberRow& known = row(member);
    if (value == "null") return;
    switch (known.kind) {
        case MemberKind::event:
            if (facts_.api != Api::realtime) return;
            [[fallthrough]];
        case MemberKind::text: return note_text(member, value);
        case MemberKind::flag:
            if (value != "true" && value != "false") blame(known.wrong);
            return set_flag(member, value == "true");
        case MemberKind::count:
        case MemberKind::length: return note_number(member, value);
        case MemberKind::part:
            if (!is_object) blame(known.wrong);
            return;
        case MemberKind::any:
            if (facts_.api == Api::completions && member == Member::prompt && is_list_)
                facts_.prompts = std::max(elements_, 1U);
            return;
        default: return;
    }
}

void RequestScanner::note_text(Member member, std::string_view value) {
    if (value.empty()) {
        // Longer than the name of any model.
        if (!overflown_) return blame(row(member).wrong);
        if (is_known(facts_.api) || decides(member)) blame_reading(member, kTooLong);
        return;
    }
    // Readers of JSON replace invalid text, each in its own way, so it is refused.
    if (!value.starts_with('"') || !is_exact_json(value.substr(1, value.size() - 2))) blame(row(member).wrong);
}

void RequestScanner::note_number(Member member, std::string_view value) {
    const MemberRow& known = row(member);
    if (const auto count = read_count(value)) {
        set_count(member, *count);
    } else if (known.kind == MemberKind::length && is_negative(value)) {
        unbounded_ = true;
    } else {
        blame(known.wrong);
    }
}

void RequestScanner::set_flag(Member member, bool value) {
    if (member == Member::stream) facts_.stream = value;
    if (member == Member::include_usage) facts_.include_usage = value;
    if (member == Member::background) facts_.background = value;
}

void RequestScanner::set_count(Member member, std::uint32_t value) {
    if (member == Member::n || member == Member::best_of) {
        facts_.n = std::max(facts_.n, value);
    } else {
        bounded_ |= bounds_answer(facts_.api, member);
        longest_ = std::max(longest_, value);
    }
}

}  // namespace weir::ai
