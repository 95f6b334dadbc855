#pragma once
// A request as one line of JSON, for people with jq and machines with columns.
//
// The keys and their order never change:
//
//   ts request_id trace_id class client source listener method path decision reason gate limit observed shadow degraded
//   queue_ms ttft_ms duration_ms overhead_us status backend endpoint model tokens_in tokens_out tokens_source bytes_in
//   bytes_out retry_count policy
//
// `decision` is an outcome as weir_requests_total has it; `reason` and `shadow` are words of the Reason vocabulary;
// `shadow` is what would have been, but for a policy in shadow mode. Times are numbers in the unit of their name;
// `status` is 0 where nothing was sent. A key is left out where it has no value: names that do not apply, `gate limit
// observed` where no gate decided, `shadow` where nothing was spared, `degraded` where no rule was applied, `ttft_ms`
// where no byte of a body arrived, `overhead_us` where no endpoint was chosen, `tokens_in tokens_out tokens_source`
// where no tokens were spent, or nobody knows. `tokens_source` is that of `tokens_out` where it has one: usage (the
// endpoint's word), counted (as they passed), estimated. What comes from the client is cut at kLongestText, and can
// neither end the line nor the string.

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

#include "telemetry/names.hpp"
#include "telemetry/record.hpp"

namespace weir::telemetry {

inline constexpr std::size_t kLongestText = 1024;

// One thread's pen: it keeps its paper, so that a line allocates nothing. REQUIRES: `names` outlives it.
class AccessLine {
public:
    explicit AccessLine(const Names& names) : names_(names) {}

    // The line with its newline, of a request that arrived at that time. The view lives until the next call.
    [[nodiscard]] std::string_view write(const Record& record, std::chrono::system_clock::time_point arrived);

private:
    void write_who(const Record& record);
    void write_decision(const Record& record);
    void write_times(const Record& record);
    void write_where(const Record& record);
    void write_tokens(const Record& record);
    void write_time(std::chrono::system_clock::time_point at);

    const Names& names_;
    std::string text_;
    std::string second_;  // the last stamp down to its second: it changes once in many lines
    std::chrono::sys_seconds second_at_ = std::chrono::sys_seconds::min();
};

}  // namespace weir::telemetry
