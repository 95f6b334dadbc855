#pragma once
// The judge's decision about a request, in full: enough to answer the caller, write the log line and count it.
//
// A shadow decision (`mode: shadow`) says what would have happened, yet admits or queues the request: its reason and
// its gate are those that were not enforced.

#include <array>
#include <cstdint>
#include <string_view>

#include "base/ids.hpp"
#include "base/reason.hpp"
#include "base/time.hpp"

namespace weir::admission {

enum class Verdict : std::uint8_t { admit, queue, refuse };

// Which of the judge's gates decided: one table makes the enum and its names.
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

// The name used in the log; empty for none.
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
    bool shadow = false;                // without `mode: shadow` it would have been refused, or made to wait
    EndpointId endpoint = kNoEndpoint;  // where to send it, when admitted
    // The limit that decided, and the value compared with it, which includes this request and exceeds the limit:
    //   class_rate, client_rate                  the bucket's size and what would be missing from it, in requests
    //   class_tokens, client_tokens              the same, in LLM tokens; what others have reserved counts as missing
    //   class_video, client_video                the same, in seconds of video
    //   class_concurrency, client_concurrency    requests in flight and queued
    //   queue                                    places
    //   queue_timeout, deadline                  seconds allowed and seconds waited
    //   endpoints                                endpoints needed (1) and available (0)
    //   eviction                                 seconds a better class waits before evictions, and seconds waited
    double limit = 0;
    double observed = 0;
    Duration retry_after{};  // when a retry is worthwhile, before jitter: advice.hpp adds it; zero when admitted
};

// What a caller has left of its rates, so that it can pace itself: the tighter of its own and its class's.
struct Allowance {
    struct Of {
        double limit = 0;      // the bucket's size; 0: there is no such limit
        double remaining = 0;  // available, and not reserved by others
        Duration reset{};      // until the bucket is full, if no other request comes
    };
    // In the order of Meter.
    std::array<Of, 5> of{};
};

}  // namespace weir::admission
