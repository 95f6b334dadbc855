#pragma once
// What buckets meter: requests, LLM tokens in three ways, and video.

#include <array>
#include <cstdint>

#include "admission/rate_limit/token_bucket.hpp"

namespace weir::admission {

enum class Meter : std::uint8_t {
    requests,
    tokens,  // of prompts and answers together
    input,   // of prompts
    output,  // of answers
    video,   // seconds, at the usual size
};
inline constexpr std::size_t kMeterCount = 5;
// Meters for which the amount a request used is known only afterwards.
inline constexpr std::array<Meter, 4> kSpentMeters{Meter::tokens, Meter::input, Meter::output, Meter::video};

// What one request uses: LLM tokens, or video.
struct Tokens {
    std::uint32_t input = 0;
    std::uint32_t output = 0;
    std::uint32_t video = 0;  // seconds

    // The amount charged to a meter. REQUIRES: not Meter::requests.
    [[nodiscard]] constexpr std::uint64_t on(Meter meter) const {
        switch (meter) {
            case Meter::input: return input;
            case Meter::output: return output;
            case Meter::video: return video;
            default: return std::uint64_t{input} + output;
        }
    }
    friend bool operator==(const Tokens&, const Tokens&) = default;
};

// One T for each meter.
template <typename T>
struct PerMeter {
    std::array<T, kMeterCount> all{};

    [[nodiscard]] T& operator[](Meter meter) { return all[static_cast<std::size_t>(meter)]; }
    [[nodiscard]] const T& operator[](Meter meter) const { return all[static_cast<std::size_t>(meter)]; }
};

using Buckets = PerMeter<TokenBucket>;

// What a request has reserved and spent in the buckets of one scope, its class or its client.
struct ScopeHold {
    PerMeter<std::uint32_t> held;  // reserved, and not spent yet; never of requests
    // When, as of its first spending, the first of the buckets would be full again.
    TimePoint full_at = TimePoint::min();
    bool counts = false;  // false: it was over a limit in shadow, and spends nothing here
};

struct Reservation {
    ScopeHold of_class;
    ScopeHold of_client;
    Tokens spent;
    bool active = false;  // false: no limit applies to any of this
};

}  // namespace weir::admission
