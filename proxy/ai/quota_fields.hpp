#pragma once
// Reads the quota that is left from the header fields of a provider's answer: the reverse of rate_fields.hpp.
//
//   any         retry-after: seconds or a date (RFC 9110 section 10.2.3); retry-after-ms, which is more exact
//   OpenAI      x-ratelimit-{limit,remaining,reset}-{requests,tokens}; resets as lengths: `6m0s`, `1.5s`, `20ms`,
//               `1d2h`; Azure and others write plain seconds
//               https://platform.openai.com/docs/guides/rate-limits
//   Anthropic   anthropic-ratelimit-{requests,tokens,input-tokens,output-tokens}-{limit,remaining,reset}; resets as
//               instants (RFC 3339)   https://docs.anthropic.com/en/api/rate-limits
//
// A refusal is a 429, or a 503 or 529 that says when to retry. Where no field says that, a refusal's latest reset of a
// quota that is used up does, or else its plain `x-ratelimit-reset`, in seconds or as a Unix time.
//
// A value that is no number, is negative, or does not fit is ignored; a length is cut at a day; an instant in the past
// means now.

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/quota_report.hpp"

namespace weir::ai {

class QuotaFields {
public:
    using WallTime = std::chrono::system_clock::time_point;

    // `now` by the wall clock, for the fields that hold instants.
    QuotaFields(int status, WallTime now);

    // To be called for every field of the head; those with other names are ignored at the cost of one comparison.
    void add(std::string_view name, std::string_view value);

    [[nodiscard]] QuotaReport report() const;

private:
    void add_openai(std::string_view name, std::string_view value);
    void add_anthropic(std::string_view name, std::string_view value);
    [[nodiscard]] std::optional<Duration> latest_reset() const;

    WallTime now_;
    bool is_429_;
    QuotaReport report_;
    std::optional<Duration> after_;          // retry-after
    std::optional<Duration> after_exactly_;  // retry-after-ms
    std::optional<Duration> plain_reset_;    // x-ratelimit-reset
};

// The parts of that, for tests. Lengths are cut at a day.
[[nodiscard]] std::optional<Duration> read_length(std::string_view text);  // `1d2h3m4.5s`, `20ms`, `1.5`
[[nodiscard]] std::optional<QuotaFields::WallTime> read_rfc3339(std::string_view text);
[[nodiscard]] std::optional<QuotaFields::WallTime> read_http_date(std::string_view text);  // the fixed form alone

}  // namespace weir::ai
