#include "ai/output_limit.hpp"

#include <array>
#include <string>
#include <string_view>

namespace weir::ai {
namespace {

constexpr std::uint32_t kMinBudget = 1024;

// The members that bound an answer's length, of all engines and calls.
constexpr std::array kLengths{Member::max_tokens, Member::max_completion_tokens, Member::max_output_tokens,
                              Member::n_predict, Member::num_predict};

void lower(Member member, std::uint32_t most, const RequestFacts& facts, Rewrite& rewrite) {
    const std::string_view written = facts.written(member);
    const auto asked = read_count(written);
    if (asked ? *asked > most : is_negative(written)) rewrite.set(member, std::to_string(most));
}

void fit_thinking(std::uint32_t tokens, const RequestFacts& facts, Rewrite& rewrite) {
    const MemberSpan& thinking = facts.at(Member::thinking);
    const MemberSpan& budget = facts.at(Member::budget_tokens);
    // Of two objects of that name the last counts, and the budget may be in the first.
    if (budget.begin < thinking.value || budget.end > thinking.end) return;
    const auto asked = read_count(facts.written(Member::budget_tokens));
    if (!asked || *asked < tokens) return;
    if (tokens > kMinBudget) {
        rewrite.set(Member::budget_tokens, std::to_string(tokens - 1));
    } else {
        rewrite.remove(Member::thinking);
    }
}

}  // namespace

bool generates(Api api) {
    return api == Api::chat || api == Api::completions || api == Api::responses || api == Api::messages;
}

void limit_length(std::uint32_t tokens, const RequestFacts& facts, Rewrite& rewrite) {
    bool any = false;
    for (const Member member : kLengths) {
        const std::string_view written = facts.written(member);
        any |= bounds_answer(facts.api, member) && (read_count(written) || is_negative(written));
        lower(member, tokens, facts, rewrite);
    }
    const Member usual = facts.api == Api::responses ? Member::max_output_tokens : Member::max_tokens;
    if (!any) rewrite.set(usual, std::to_string(tokens));
    lower(Member::min_tokens, tokens, facts, rewrite);
    if (facts.api == Api::messages) fit_thinking(tokens, facts, rewrite);
}

void limit_answers(std::uint32_t n, const RequestFacts& facts, Rewrite& rewrite) {
    lower(Member::n, n, facts, rewrite);
    lower(Member::best_of, n, facts, rewrite);
}

}  // namespace weir::ai
