#pragma once
// What one answer of a hosted API says about the quota behind it.

#include <cstdint>
#include <optional>

#include "base/time.hpp"

namespace weir {

// One kind of quota, such as requests a minute.
struct QuotaLeft {
    std::optional<std::uint64_t> limit;
    std::optional<std::uint64_t> remaining;
    // Until it is whole again. Whether it returns bit by bit until then or at once in the end depends on the provider.
    std::optional<Duration> reset;

    friend bool operator==(const QuotaLeft&, const QuotaLeft&) = default;
};

struct QuotaReport {
    bool refused = false;                 // by the quota: the request cost the provider nothing
    std::optional<Duration> retry_after;  // when it says that a refused request may come again
    QuotaLeft requests;
    QuotaLeft tokens;     // all LLM tokens
    QuotaLeft input;      // of prompts
    QuotaLeft output;     // of answers
    bool failed = false;  // by an error: the quota neither refused nor accepted it

    friend bool operator==(const QuotaReport&, const QuotaReport&) = default;
};

}  // namespace weir
