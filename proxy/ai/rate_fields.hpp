#pragma once
// How much of a caller's rates is left, in the header fields that its SDK or its own code reads to pace itself.
//
//   OpenAI      x-ratelimit-{limit,remaining,reset}-{requests,tokens}; resets as lengths: `6m0s`, `1.5s`, `20ms`
//               https://platform.openai.com/docs/guides/rate-limits
//   Anthropic   anthropic-ratelimit-{requests,tokens,input-tokens,output-tokens}-{limit,remaining,reset}; resets as
//               instants (RFC 3339)   https://docs.anthropic.com/en/api/rate-limits
//   generic     as OpenAI's
//
// Limits on prompts or on answers alone have no name in OpenAI's: `tokens` is then the one of which less is left.

#include <array>
#include <chrono>
#include <cstdint>
#include <string_view>

#include "base/dialect.hpp"
#include "base/time.hpp"

namespace weir::ai {

struct RateLeft {
    std::uint64_t limit = 0;  // 0: there is no such limit
    std::uint64_t remaining = 0;
    Duration reset{};  // until all of it is there again
};

struct RatesLeft {
    RateLeft requests;
    RateLeft tokens;  // LLM tokens in all
    RateLeft input;   // of prompts
    RateLeft output;  // of answers
};

// A line for each, with its CRLF; written for every answer of a class with rates, so it needs no memory but its own.
class RateFields {
public:
    RateFields() = default;
    RateFields(Dialect dialect, const RatesLeft& left, std::chrono::system_clock::time_point now);

    [[nodiscard]] std::string_view text() const { return {text_.data(), size_}; }

private:
    // Four limits, three lines each, of names and numbers at their longest.
    static constexpr std::size_t kMax = 4 * 3 * 68;

    std::array<char, kMax> text_;
    std::size_t size_ = 0;
};

}  // namespace weir::ai
