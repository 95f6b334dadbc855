#pragma once
// Limits what a request's answer may come to, under the names that its call has for that, and keeps the request valid:
// what engines refuse beside a lower limit is lowered or taken out with it. What is low enough already stays as it is
// written.

#include <cstdint>

#include "ai/request_facts.hpp"
#include "ai/rewrite.hpp"

namespace weir::ai {

// Whether the call makes answers whose length can be limited.
[[nodiscard]] bool generates(Api api);

// No answer is longer than `tokens`. Where the body asks for no limit, one is written into it. vLLM's `min_tokens`
// follows down. Anthropic's `thinking.budget_tokens` goes below the limit; `thinking` goes with it where that leaves
// less than the 1024 that it must have.
// REQUIRES: generates(facts.api).
void limit_length(std::uint32_t tokens, const RequestFacts& facts, Rewrite& rewrite);

// No more than `n` answers at once. REQUIRES: as above.
void limit_answers(std::uint32_t n, const RequestFacts& facts, Rewrite& rewrite);

}  // namespace weir::ai
