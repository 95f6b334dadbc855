#pragma once
// The rest of a caller's rates, in the header fields by which SDKs and callers pace themselves.
//
//   OpenAI      x-ratelimit-{limit,remaining,reset}-{requests,tokens}; resets as lengths: `6m0s`, `1.5s`, `20ms`
//               https://platform.openai.com/docs/guides/rate-limits
//   Anthropic   anthropic-ratelimit-{requests,tokens,input-tokens,output-tokens}-{limit,remaining,reset}; resets as
//               instants (RFC 3339)   https://docs.anthropic.com/en/api/rate-limits
//   generic     as OpenAI's
//
// OpenAI's names have none for limits on prompts or answers alone: `tokens` is then the limit with the least left.

#include <array>
#include <chrono>
#include <cstdint>
#include <string_view>

#include "base/dialect.hpp"
#include "base/time.hpp"

namespace weir::ai {

struct RateLeft {
    std::uint64_t limit = 0;  // 0: no such limit
    std::uint64_t remaining = 0;
    Duration reset{};  // until it is full again
};

struct RatesLeft {
    RateLeft requests;
    RateLeft tokens;  // all LLM tokens
    RateLeft input;   // of prompts
    RateLeft output;  // of answers
};

// The lines, each with its CRLF. They are written for every answer of a class with rates, so no memory is allocated.
class RateFields {
public:
    RateFields() = default;
    RateFields(Dialect dialect, const RatesLeft& left, std::chrono::system_clock::time_point now);

    [[nodiscard]] std::string_view text() const { return {text_.data(), size_}; }

private:
    // Four limits of three lines each, with names and numbers at their longest.
    static constexpr std::size_t kMax = 4 * 3 * 68;

    std::array<char, kMax> text_;
    std::size_t size_ = 0;
};

}  // namespace weir::ai
