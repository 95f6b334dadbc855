#pragma once
// The server side: a backend is a pool of endpoints that serve the same thing.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/dialect.hpp"
#include "base/time.hpp"
#include "net/config.hpp"

namespace weir::upstream {

using namespace std::chrono_literals;

// One address of a backend, from `http://HOST[:PORT]` or `https://HOST[:PORT]`, without path, query or user.
struct EndpointConfig {
    std::string url;  // as written: its name in metrics and logs
    bool tls = false;
    std::string host;  // a name or a literal address, without brackets
    std::uint16_t port = 80;

    friend bool operator==(const EndpointConfig&, const EndpointConfig&) = default;
};

// Active health checks. An endpoint is down after `fall` failures in a row and up again after `rise` successes.
struct HealthConfig {
    std::string path = "/health";  // GET; 200 to 299 is a success
    Duration every = 2s;
    Duration timeout = 1s;  // must be shorter than `every`
    std::uint32_t fall = 3;
    std::uint32_t rise = 2;

    friend bool operator==(const HealthConfig&, const HealthConfig&) = default;
};

// Passive checks: an endpoint that fails this often in a row (no connection, reset before an answer, time-out, 502,
// 503, 504) takes no requests for a while. The last endpoint that is left is never ejected.
struct EjectionConfig {
    std::uint32_t failures = 5;  // 0: never eject
    Duration duration = 10s;

    friend bool operator==(const EjectionConfig&, const EjectionConfig&) = default;
};

struct TimeoutConfig {
    Duration connect = 1s;      // TCP and TLS handshake together
    Duration first_byte = 60s;  // from the last request byte to the first byte of the answer
    Duration idle = 60s;        // longest silence within an answer
    Duration total = 10min;     // from dispatch to the last byte
    Duration keep_alive = 30s;  // how long an unused connection is kept

    friend bool operator==(const TimeoutConfig&, const TimeoutConfig&) = default;
};

struct BackendConfig {
    std::string name;
    Dialect dialect = Dialect::openai;  // for paths that do not tell
    std::vector<EndpointConfig> endpoints;
    std::uint32_t requests = 0;          // capacity.requests: in flight at once on each endpoint; required in a policy
    std::optional<HealthConfig> health;  // absent: only passive checks
    EjectionConfig ejection;
    TimeoutConfig timeouts;
    net::ClientTlsConfig tls;  // for https endpoints

    friend bool operator==(const BackendConfig&, const BackendConfig&) = default;
};

}  // namespace weir::upstream
