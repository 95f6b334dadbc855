#pragma once
// The settings of the stand-in AI server.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/time.hpp"
#include "lab/simulate/config.hpp"
#include "net/config.hpp"

namespace weir::mock {

struct MockConfig {
    net::BindAddress listen{"127.0.0.1", 8000, {}};
    simulate::EngineConfig engine;
    double speed = 1;        // engine seconds in a second; above 1 the engine is faster than its hardware
    std::uint64_t seed = 1;  // of the words it answers with and the ids it gives
    std::string model = "mock";

    // The engine's own queue is unbounded, as vLLM's is: the effect of that is what a load shedder is for. Everything
    // else here has a bound.
    std::size_t max_connections = 20'000;  // one more is closed at once
    std::size_t body_bytes = 16 * 1024 * 1024;
    Duration head_timeout = std::chrono::seconds(10);   // from a head's first byte to its last
    Duration body_timeout = std::chrono::seconds(60);   // without any progress
    Duration write_timeout = std::chrono::seconds(60);  // without any progress
    Duration idle_timeout = std::chrono::minutes(10);   // between requests
};

}  // namespace weir::mock
