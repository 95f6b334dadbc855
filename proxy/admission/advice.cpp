#include "admission/advice.hpp"

#include <algorithm>

namespace weir::admission {
namespace {

Duration between(Duration low, Duration high, double at) { return low + from_seconds(seconds(high - low) * at); }

}  // namespace

Advice advise(Reason reason, Duration wait, const RefusalConfig& refusal, double random) {
    const Duration longest = refusal.retry_after_max;
    const bool over_limit = group(reason) == ReasonGroup::limits;
    // At the bound the advice is spread below it: callers all sent away until the bound would return together.
    if (over_limit && wait > longest) return {between(longest * 3 / 4, longest, random), true};
    const Duration low = std::min(over_limit ? wait : wait / 2, longest);
    const bool do_not_retry = group(reason) == ReasonGroup::overload && refusal.tell_no_retry;
    return {between(low, std::min(wait * 3 / 2, longest), random), do_not_retry};
}

}  // namespace weir::admission
