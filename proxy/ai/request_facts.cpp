#include "ai/request_facts.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

#include "ai/json_string.hpp"
#include "base/ascii.hpp"

namespace weir::ai {
namespace {

constexpr double kMaxCount = 2'147'483'647;

bool is_string(std::string_view written) { return written.size() >= 2 && written.front() == '"'; }

// The number of leading digits of `text`.
std::size_t count_digits(std::string_view text) {
    return static_cast<std::size_t>(std::find_if_not(text.begin(), text.end(), is_digit) - text.begin());
}

// RFC 8259 section 6. from_chars accepts more (`0100`, `5.`, `inf`) than readers of JSON do.
bool is_json_number(std::string_view text) {
    if (text.starts_with('-')) text.remove_prefix(1);
    const std::size_t whole = count_digits(text);
    if (whole == 0 || (whole > 1 && text.front() == '0')) return false;
    text.remove_prefix(whole);
    if (text.starts_with('.')) {
        const std::size_t fraction = count_digits(text.substr(1));
        if (fraction == 0) return false;
        text.remove_prefix(fraction + 1);
    }
    if (text.empty() || (text.front() | 0x20) != 'e') return text.empty();
    text.remove_prefix(1);
    if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
    return !text.empty() && count_digits(text) == text.size();
}

std::optional<double> read_number(std::string_view written) {
    double value = 0;
    const char* end = written.data() + written.size();
    if (!is_json_number(written)) return std::nullopt;
    const auto [stop, error] = std::from_chars(written.data(), end, value);
    if (error != std::errc{} || stop != end || !std::isfinite(value)) return std::nullopt;
    return value;
}

}  // namespace

const MemberSpan& RequestFacts::at(Member member) const {
    static constexpr MemberSpan kNowhere{};
    return members ? members->spans[static_cast<std::size_t>(member)] : kNowhere;
}

bool RequestFacts::holds_object(Member member) const {
    return members && (members->objects >> static_cast<unsigned>(member) & 1U) != 0;
}

std::string_view RequestFacts::written(Member member) const {
    const MemberSpan& span = at(member);
    return span.kept_size == 0 ? std::string_view{}
                               : std::string_view(members->kept).substr(span.kept_at, span.kept_size);
}

std::string_view RequestFacts::raw_text(Member member) const {
    const std::string_view value = written(member);
    return is_string(value) ? value.substr(1, value.size() - 2) : std::string_view{};
}

std::string RequestFacts::text(Member member) const { return unescape_json(raw_text(member)).value_or(""); }

bool RequestFacts::says(Member member, std::string_view plain) const {
    return is_string(written(member)) && json_says(raw_text(member), plain);
}

bool RequestFacts::asks_for_tier() const {
    const bool reports_tier = api == Api::chat || api == Api::completions || api == Api::responses;
    return reports_tier && is_string(written(Member::service_tier));
}

bool bounds_answer(Api api, Member member) {
    switch (api) {
        case Api::chat: return member == Member::max_tokens || member == Member::max_completion_tokens;
        case Api::completions:
        case Api::messages: return member == Member::max_tokens;
        case Api::responses: return member == Member::max_output_tokens;
        default: return true;
    }
}

std::optional<std::uint32_t> read_count(std::string_view written) {
    const auto value = read_number(written);
    if (!value || *value < 0 || *value > kMaxCount || *value != std::floor(*value)) return std::nullopt;
    return static_cast<std::uint32_t>(*value);
}

bool is_negative(std::string_view written) { return read_number(written).value_or(0) < 0; }

std::uint32_t estimated_tokens(std::uint64_t bytes) {
    constexpr std::uint64_t kBytesPerToken = 4;
    const std::uint64_t tokens = bytes / kBytesPerToken + (bytes % kBytesPerToken != 0 ? 1 : 0);
    return static_cast<std::uint32_t>(std::min<std::uint64_t>(tokens, std::numeric_limits<std::uint32_t>::max()));
}

}  // namespace weir::ai
