#pragma once
// What the judge says of a request, in full: enough to answer the caller, write the log line and count it.
//
// A shadow decision (`mode: shadow`) says what would have happened and is an admission or a place in the queue all the
// same: its reason and its gate are those that were not enforced.

#include <array>
#include <cstdint>
#include <string_view>

#include "base/ids.hpp"
#include "base/reason.hpp"
#include "base/time.hpp"

namespace weir::admission {

enum class Verdict : std::uint8_t { admit, queue, refuse };

// Which of the judge's gates decided: one table, the enum and its words.
#define WEIR_GATES(X)     \
    X(none)               \
    X(class_rate)         \
    X(client_rate)        \
    X(class_tokens)       \
    X(client_tokens)      \
    X(class_video)        \
    X(client_video)       \
    X(class_concurrency)  \
    X(client_concurrency) \
    X(queue)              \
    X(queue_timeout)      \
    X(deadline)           \
    X(endpoints)          \
    X(eviction)

enum class Gate : std::uint8_t {
#define WEIR_GATE_ENUM(name) name,
    WEIR_GATES(WEIR_GATE_ENUM)
#undef WEIR_GATE_ENUM
};

// The word of the log; empty for none.
[[nodiscard]] constexpr std::string_view name(Gate gate) {
    constexpr auto kNames = std::to_array<std::string_view>({
#define WEIR_GATE_NAME(name) #name,
        WEIR_GATES(WEIR_GATE_NAME)
#undef WEIR_GATE_NAME
    });
    return gate == Gate::none ? std::string_view{} : kNames[static_cast<std::size_t>(gate)];
}

struct Decision {
    Verdict verdict = Verdict::queue;
    Reason reason = Reason::admitted;
    Gate gate = Gate::none;
    bool shadow = false;                // would have been refused, or made to wait, but for `mode: shadow`
    EndpointId endpoint = kNoEndpoint;  // where to send it, when admitted
    // The limit that decided, and the value it was held against, which includes this request and is above the limit:
    //   class_rate, client_rate                  the bucket's size and what would be missing from it, in requests
    //   class_tokens, client_tokens              the same, in LLM tokens; what others have reserved counts as missing
    //   class_video, client_video                the same, in seconds of video
    //   class_concurrency, client_concurrency    requests in flight and queued
    //   queue                                    places
    //   queue_timeout, deadline                  seconds allowed and seconds waited
    //   endpoints                                endpoints that are needed (1) and available (0)
    //   eviction                                 seconds that a better class may wait, and those that one waited
    double limit = 0;
    double observed = 0;
    Duration retry_after{};  // when it is worth coming back, as it is: advice.hpp words it; zero when admitted
};

// What a caller has left of its rates, for it to pace itself by: the tighter of its own and its class's.
struct Allowance {
    struct Of {
        double limit = 0;      // the bucket's size; 0: there is no such limit
        double remaining = 0;  // on hand, and not reserved by others
        Duration reset{};      // until the bucket is full, if nobody else comes
    };
    // In the order of Meter.
    std::array<Of, 5> of{};
};

}  // namespace weir::admission
