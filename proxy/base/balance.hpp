#pragma once
// How a backend chooses among the endpoints that can take a request: a word of the policy, a rule of the judge.

#include <cstdint>

namespace weir {

// Equals take turns. n, kv and pf are what an endpoint has in flight, S, K and PF its capacities.
enum class Balance : std::uint8_t {
    most_room,        // the smallest of the largest of n/S, kv/0.95K, pf/PF
    least_requests,   // the smallest n/S
    round_robin,      // in turn
    prefix_affinity,  // the one whose prefix cache has the conversation: admission/gate/affinity.hpp
};

}  // namespace weir
