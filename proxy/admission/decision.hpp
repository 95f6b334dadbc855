#pragma once
// What the judge says of a request, in full: enough to answer the caller, write the log line and count it.

#include <cstdint>

#include "base/ids.hpp"
#include "base/reason.hpp"
#include "base/time.hpp"

namespace weir::admission {

enum class Verdict : std::uint8_t { admit, queue, refuse };

// Which of the judge's gates decided.
enum class Gate : std::uint8_t { none, class_rate, client_rate, class_concurrency, client_concurrency, line, patience,
                                 deadline, endpoints };

struct Decision {
    Verdict verdict = Verdict::queue;
    Reason reason = Reason::admitted;
    Gate gate = Gate::none;
    bool shadow = false;                // would have been refused, or made to wait, but for `mode: shadow`
    EndpointId endpoint = kNoEndpoint;  // where to send it, when admitted
    double limit = 0;                   // the limit that decided: requests, requests a second, seconds
    double observed = 0;                // the value it was held against, in the same unit
    Duration retry_after{};             // when it is worth coming back, before jitter; zero when admitted
};

}  // namespace weir::admission
