#pragma once
// What a refused caller is told about coming back.

#include "admission/config.hpp"
#include "base/reason.hpp"
#include "base/time.hpp"

namespace weir::admission {

struct Advice {
    Duration retry_after{};
    bool do_not_retry = false;  // coming back then is of no use either: its SDK should not try
};

// `wait` is a decision's: when it is worth coming back. It is spread, so that the refused do not come back together:
// half of it either way for overload; for a contract only later, because sooner the bucket would refuse again. Nobody
// is told to wait longer than the policy's `retry_after.max`, as SDKs ignore or hang beyond a minute; a contract that
// has nothing for that long is do_not_retry, and so is overload where the policy says so. `random` is uniform in [0,
// 1).
[[nodiscard]] Advice advise(Reason reason, Duration wait, const RefusalConfig& refusal, double random);

}  // namespace weir::admission
