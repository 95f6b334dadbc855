#pragma once
// Limits the size of a request's answer, under the names that its call has for that, and keeps the request valid:
// members that engines refuse together with a lower limit are lowered or removed too. Values that are low enough stay
// as written.

#include <cstdint>

#include "ai/request_facts.hpp"
#include "ai/rewrite.hpp"

namespace weir::ai {

// Whether the call produces answers whose length can be limited.
[[nodiscard]] bool generates(Api api);

// Limits each answer to `tokens`. Where the body sets no limit, one is added. vLLM's `min_tokens` is lowered with it.
// Anthropic's `thinking.budget_tokens` is lowered below the limit; `thinking` is removed if that leaves less than the
// required 1024. REQUIRES: generates(facts.api).
void limit_length(std::uint32_t tokens, const RequestFacts& facts, Rewrite& rewrite);

// Limits the number of answers to `n`. REQUIRES: as above.
void limit_answers(std::uint32_t n, const RequestFacts& facts, Rewrite& rewrite);

}  // namespace weir::ai
