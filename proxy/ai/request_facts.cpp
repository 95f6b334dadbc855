#include "ai/request_facts.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <limits>

#include "ai/json_members.hpp"
#include "ai/json_string.hpp"

namespace weir::ai {
namespace {

constexpr double kMostCount = 2'147'483'647;
constexpr std::string_view kNoObject = "the body is not a JSON object";

bool is_number(std::string_view written) {
    return written.front() == '-' || (written.front() >= '0' && written.front() <= '9');
}

bool is_string(std::string_view written) { return written.size() >= 2 && written.front() == '"'; }

constexpr std::size_t kLongestName = 31;

// The members whose names are so long, a bit each: a name is compared with the few that could be it.
constexpr auto kByLength = [] {
    std::array<std::uint32_t, kLongestName + 1> bits{};
    for (std::size_t i = 0; i < kMemberCount; ++i) bits.at(kMembers[i].name.size()) |= std::uint32_t{1} << i;
    return bits;
}();

std::optional<Member> find_member(std::string_view parent, std::string_view name) {
    if (name.size() > kLongestName) return std::nullopt;
    for (std::uint32_t left = kByLength[name.size()]; left != 0; left &= left - 1) {
        const auto i = static_cast<std::size_t>(std::countr_zero(left));
        if (kMembers[i].name == name && kMembers[i].parent == parent) return static_cast<Member>(i);
    }
    return std::nullopt;
}

std::optional<Member> known_member(std::string_view parent, std::string_view written) {
    if (written.find('\\') == std::string_view::npos) return find_member(parent, written);
    const auto name = unescape_json(written);
    return name ? find_member(parent, *name) : std::nullopt;
}

// A list of texts, or of lists of token ids, is so many prompts; a list of token ids is one.
std::uint32_t count_prompts(std::string_view written) {
    JsonElements elements(written);
    const auto first = elements.next();
    if (!first || is_number(*first)) return 1;
    std::uint32_t prompts = 1;
    while (elements.next()) ++prompts;
    return prompts;
}

class FactsReader {
public:
    FactsReader(RequestFacts& facts, std::string_view body) : facts_(facts), body_(body) {}

    // The members of `text`, which stands `offset` bytes into the body.
    void read(std::string_view parent, std::string_view text, std::size_t offset) {
        JsonMembers members(text);
        while (const auto found = members.next()) {
            const auto member = known_member(parent, found->name);
            if (!member) continue;
            const auto value = static_cast<std::size_t>(found->value.data() - body_.data());
            note(*member, {static_cast<std::uint32_t>(offset + found->begin), static_cast<std::uint32_t>(value),
                           static_cast<std::uint32_t>(offset + found->end)});
        }
        if (!parent.empty()) return;
        facts_.is_object = members.complete();
        facts_.inside = static_cast<std::uint32_t>(members.inside().value_or(0));
    }

private:
    void blame(std::string_view why) {
        if (facts_.fault.empty()) facts_.fault = why;
    }

    void note(Member member, MemberSpan span) {
        const MemberRow& known = row(member);
        MemberSpan& place = facts_.spans[static_cast<std::size_t>(member)];
        const std::string_view value = body_.substr(span.value, span.end - span.value);
        if (place.there() && known.kind != MemberKind::hint) facts_.fault = known.twice;  // the graver one
        place = span;
        const std::uint32_t bit = 1U << static_cast<unsigned>(member);
        facts_.objects = value.starts_with('{') ? facts_.objects | bit : facts_.objects & ~bit;
        if (value == "null") return;
        switch (known.kind) {
            case MemberKind::text:
                if (!is_string(value)) blame(known.wrong);
                break;
            case MemberKind::flag:
                if (value != "true" && value != "false") blame(known.wrong);
                set_flag(member, value == "true");
                break;
            case MemberKind::count:
                if (const auto count = read_count(value)) {
                    set_count(member, *count);
                } else {
                    blame(known.wrong);
                }
                break;
            case MemberKind::part:
                if (!value.starts_with('{')) blame(known.wrong);
                [[fallthrough]];
            case MemberKind::hint:
                if (value.starts_with('{')) read(known.name, value, span.value);
                break;
            case MemberKind::any:
                if (member == Member::prompt && facts_.api == Api::completions) facts_.prompts = count_prompts(value);
                break;
        }
    }

    void set_flag(Member member, bool value) {
        if (member == Member::stream) facts_.stream = value;
        if (member == Member::include_usage) facts_.include_usage = value;
    }

    void set_count(Member member, std::uint32_t value) {
        if (member == Member::n || member == Member::best_of) {
            facts_.n = std::max(facts_.n, value);
        } else {
            facts_.max_output_tokens = std::max(facts_.max_output_tokens.value_or(0), value);
        }
    }

    RequestFacts& facts_;
    std::string_view body_;
};

}  // namespace

std::string_view RequestFacts::written(Member member, std::string_view body) const {
    const MemberSpan& span = at(member);
    return body.substr(span.value, span.end - span.value);
}

std::string_view RequestFacts::raw_text(Member member, std::string_view body) const {
    const std::string_view value = written(member, body);
    return is_string(value) ? value.substr(1, value.size() - 2) : std::string_view{};
}

std::string RequestFacts::text(Member member, std::string_view body) const {
    return unescape_json(raw_text(member, body)).value_or("");
}

bool RequestFacts::says(Member member, std::string_view plain, std::string_view body) const {
    return is_string(written(member, body)) && json_says(raw_text(member, body), plain);
}

bool RequestFacts::asks_for_tier(std::string_view body) const {
    const bool tells = api == Api::chat || api == Api::completions || api == Api::responses;
    return tells && is_string(written(Member::service_tier, body));
}

RequestFacts read_facts(Api api, std::string_view body) {
    RequestFacts facts;
    facts.api = api;
    facts.body_bytes = body.size();
    if (body.size() > std::numeric_limits<std::uint32_t>::max()) return facts;
    FactsReader(facts, body).read({}, body, 0);
    if (is_known(api) && !facts.is_object && !body.empty()) facts.fault = kNoObject;
    if (api == Api::generic) facts.fault = {};
    return facts;
}

std::optional<std::uint32_t> read_count(std::string_view written) {
    double value = 0;
    const char* end = written.data() + written.size();
    const auto [stop, error] = std::from_chars(written.data(), end, value);
    if (error != std::errc{} || stop != end || !std::isfinite(value)) return std::nullopt;
    if (value < 0 || value > kMostCount || value != std::floor(value)) return std::nullopt;
    return static_cast<std::uint32_t>(value);
}

std::uint32_t estimated_tokens(std::uint64_t bytes) {
    constexpr std::uint64_t kBytesPerToken = 4;
    const std::uint64_t tokens = bytes / kBytesPerToken + (bytes % kBytesPerToken != 0 ? 1 : 0);
    return static_cast<std::uint32_t>(std::min<std::uint64_t>(tokens, std::numeric_limits<std::uint32_t>::max()));
}

}  // namespace weir::ai
