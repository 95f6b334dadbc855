#pragma once
// A request as one line of JSON, for people with jq and machines with columns.
//
// The keys and their order never change:
//
//   ts request_id trace_id class client source listener method path decision reason gate limit observed shadow degraded
//   queue_ms ttft_ms duration_ms overhead_us status backend endpoint model tokens_in tokens_out tokens_source bytes_in
//   bytes_out retry_count policy
//
// `decision` is an outcome as in weir_requests_total; `reason` and `shadow` are words of the Reason vocabulary;
// `shadow` is the refusal that a policy in shadow mode did not enforce. Times are numbers in the unit of their name;
// `status` is 0 where nothing was sent. A key is left out where it has no value: names that do not apply, `gate limit
// observed` where no gate decided, `shadow` where nothing was spared, `degraded` where no rule was applied, `ttft_ms`
// where no byte of a body arrived, `overhead_us` where no endpoint was chosen, `tokens_in tokens_out tokens_source`
// where no tokens were spent or their number is unknown. `tokens_source` is that of `tokens_out` if it has one: usage
// (reported by the endpoint), counted (as they passed) or estimated. Text from the client is truncated at kLongestText,
// and can end neither the line nor the string.

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

#include "telemetry/names.hpp"
#include "telemetry/record.hpp"

namespace weir::telemetry {

inline constexpr std::size_t kLongestText = 1024;

// One thread's formatter: it keeps its buffers, so writing a line allocates nothing. REQUIRES: `names` outlives it.
class AccessLine {
public:
    explicit AccessLine(const Names& names) : names_(names) {}

    // The log line, newline included, of a request that arrived at `arrived`. The view is valid until the next call.
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
    std::string second_;  // the last timestamp down to its second, which many lines share
    std::chrono::sys_seconds second_at_ = std::chrono::sys_seconds::min();
};

}  // namespace weir::telemetry
