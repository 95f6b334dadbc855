#pragma once
// Active health checks: a periodic request to each endpoint, and its name resolved anew. Where the policy leaves the
// size of the KV cache to the engine, its metrics are read as well. Runs on the control loop.

#include <cstdint>
#include <memory>
#include <vector>

#include "net/dns.hpp"
#include "net/event_loop.hpp"
#include "upstream/backend.hpp"

namespace weir::upstream {

// From 0.9 to 1.1 of an interval, at random: whatever is checked by many must not be checked by all at once.
[[nodiscard]] Duration varied(Duration interval, std::uint64_t& random);

class HealthChecker {
public:
    // `seed`: for the intervals, so that neither endpoints nor other instances are checked in step. REQUIRES: `dns`
    // outlives it.
    HealthChecker(net::EventLoop& loop, net::Dns& dns, std::uint64_t seed);
    ~HealthChecker();

    // Watches exactly these backends from now on. Loop's thread only.
    void watch(std::vector<std::shared_ptr<Backend>> backends);

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace weir::upstream
