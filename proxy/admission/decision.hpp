#pragma once
// What the judge says of a request, in full: enough to answer the caller, write the log line and count it.
//
// A shadow decision (`mode: shadow`) says what would have happened and is an admission or a place in line all the same:
// its reason and its gate are those that were not enforced.

#include <cstdint>

#include "base/ids.hpp"
#include "base/reason.hpp"
#include "base/time.hpp"

namespace weir::admission {

enum class Verdict : std::uint8_t { admit, queue, refuse };

// Which of the judge's gates decided.
enum class Gate : std::uint8_t {
    none,
    class_rate,
    client_rate,
    class_concurrency,
    client_concurrency,
    line,
    patience,
    deadline,
    endpoints
};

struct Decision {
    Verdict verdict = Verdict::queue;
    Reason reason = Reason::admitted;
    Gate gate = Gate::none;
    bool shadow = false;                // would have been refused, or made to wait, but for `mode: shadow`
    EndpointId endpoint = kNoEndpoint;  // where to send it, when admitted
    // The limit that decided, and the value it was held against, which includes this request and is above the limit:
    //   class_rate, client_rate                  the bucket's size and what would be missing from it, in requests
    //   class_concurrency, client_concurrency    requests in flight and in line
    //   line                                     places
    //   patience, deadline                       seconds allowed and seconds waited
    //   endpoints                                endpoints that are needed (1) and available (0)
    double limit = 0;
    double observed = 0;
    Duration retry_after{};  // when it is worth coming back, before jitter; zero when admitted
};

}  // namespace weir::admission
