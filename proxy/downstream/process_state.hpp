#pragma once
// What all workers of the process count together, and what all of them know.

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
    ClientConnections clients;  // of listeners with a bound for one client
    std::atomic<std::int64_t> buffered_bytes{0};
    std::atomic<bool> draining{false};
    ClientWebSockets websockets;
    IdempotencyKeys idempotency_keys;

    // Set once, before the workers start.
    // The wall clock's time since 1970 at the steady clock's epoch, as it was at the start: for cohorts, which a wall
    // clock that jumps must not shuffle.
    Duration wall_offset{};
    std::string pseudonym;  // this process in Via fields
    std::uint32_t workers = 1;
};

}  // namespace weir::downstream
