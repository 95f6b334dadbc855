#pragma once
// What a refused caller is advised about retrying.

#include "admission/config.hpp"
#include "base/reason.hpp"
#include "base/time.hpp"

namespace weir::admission {

struct Advice {
    Duration retry_after{};
    bool do_not_retry = false;  // a retry at that time would be useless too: its SDK should not try
};

// `wait` comes from a decision: when a retry is worthwhile. It is spread so that refused callers do not return
// together: by half of it either way for overload; only later for a limit, because sooner the bucket would refuse
// again. No advice is longer than the policy's `retry_after.max`, because SDKs ignore longer ones or hang beyond a
// minute; a limit that has nothing for that long is do_not_retry, and so is overload where the policy says so. `random`
// is uniform in [0, 1).
[[nodiscard]] Advice advise(Reason reason, Duration wait, const RefusalConfig& refusal, double random);

}  // namespace weir::admission
