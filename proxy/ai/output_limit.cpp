#include "ai/output_limit.hpp"

#include <span>
#include <string>

namespace weir::ai {
namespace {

constexpr std::uint32_t kLeastBudget = 1024;

// Names under which an answer's length is asked for, the one that is written where none is there first.
std::span<const Member> length_members(Api api) {
    static constexpr std::array kChat{Member::max_tokens, Member::max_completion_tokens};
    static constexpr std::array kResponses{Member::max_output_tokens};
    if (api == Api::chat) return kChat;
    return api == Api::responses ? std::span<const Member>(kResponses) : std::span(kChat).first(1);
}

void lower(Member member, std::uint32_t most, const RequestFacts& facts, std::string_view body, Rewrite& rewrite) {
    const auto asked = read_count(facts.written(member, body));
    if (asked && *asked > most) rewrite.set(member, std::to_string(most));
}

void fit_thinking(std::uint32_t tokens, const RequestFacts& facts, std::string_view body, Rewrite& rewrite) {
    const MemberSpan& thinking = facts.at(Member::thinking);
    const MemberSpan& budget = facts.at(Member::budget_tokens);
    // Of two objects of that name the last counts, and the budget may be the first one's.
    if (budget.begin < thinking.value || budget.end > thinking.end) return;
    const auto asked = read_count(facts.written(Member::budget_tokens, body));
    if (!asked || *asked < tokens) return;
    if (tokens > kLeastBudget) {
        rewrite.set(Member::budget_tokens, std::to_string(tokens - 1));
    } else {
        rewrite.remove(Member::thinking);
    }
}

}  // namespace

bool generates(Api api) {
    return api == Api::chat || api == Api::completions || api == Api::responses || api == Api::messages;
}

void limit_length(std::uint32_t tokens, const RequestFacts& facts, std::string_view body, Rewrite& rewrite) {
    bool any = false;
    for (const Member member : length_members(facts.api)) {
        any |= read_count(facts.written(member, body)).has_value();
        lower(member, tokens, facts, body, rewrite);
    }
    if (!any) rewrite.set(length_members(facts.api).front(), std::to_string(tokens));
    lower(Member::min_tokens, tokens, facts, body, rewrite);
    if (facts.api == Api::messages) fit_thinking(tokens, facts, body, rewrite);
}

void limit_answers(std::uint32_t n, const RequestFacts& facts, std::string_view body, Rewrite& rewrite) {
    lower(Member::n, n, facts, body, rewrite);
    lower(Member::best_of, n, facts, body, rewrite);
}

}  // namespace weir::ai
