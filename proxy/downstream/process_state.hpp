#pragma once
// What the workers of the process count together, and what all of them know.

#include <atomic>
#include <cstdint>
#include <string>

#include "base/time.hpp"
#include "downstream/shared/client_connections.hpp"
#include "downstream/shared/idempotency.hpp"
#include "downstream/websocket/client_websockets.hpp"

namespace weir::downstream {

struct ProcessState {
    std::atomic<std::uint32_t> connections{0};
    ClientConnections clients;  // of listeners with a limit per client
    std::atomic<std::int64_t> buffered_bytes{0};
    std::atomic<bool> draining{false};
    ClientWebSockets websockets;
    IdempotencyKeys idempotency_keys;

    // Set once, before the workers start.
    // The wall clock's time since 1970 at the steady clock's epoch, as of the start. It selects cohorts, which must not
    // change when the wall clock jumps.
    Duration wall_offset{};
    std::string pseudonym;  // this process's name in Via
    std::uint32_t workers = 1;
};

}  // namespace weir::downstream
