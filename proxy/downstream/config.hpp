#pragma once
// The client side: listeners, and limits on what a client may cost before it is served.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/ip.hpp"
#include "base/time.hpp"
#include "net/config.hpp"

namespace weir::downstream {

using namespace std::chrono_literals;

struct ConnectionLimits {
    std::uint32_t connections = 16'000;  // open at once on this listener; more are refused at accept
    // Per address (IPv6: per /64), over all listeners; more are refused. Empty: half of the process's limit, and no
    // limit for addresses that may stand for many clients.
    std::optional<std::uint32_t> connections_per_client;
    std::uint32_t header_bytes = 32 * 1024;      // request line and fields; more is 431 (a long target: 414)
    std::uint32_t header_fields = 100;           // more is 431
    std::uint64_t body_bytes = 8 * 1024 * 1024;  // more is 413
    Duration header_timeout = 5s;                // from the first byte to the end of the head; also the TLS handshake
    Duration body_timeout = 30s;                 // longest pause between two pieces of a request body
    std::uint64_t body_rate = 1024;              // bytes per second that a body must average after body_timeout; 0: any
    Duration idle_timeout = 75s;                 // keep-alive without a request
    Duration write_timeout = 30s;                // longest time in which a client reads nothing of its answer

    friend bool operator==(const ConnectionLimits&, const ConnectionLimits&) = default;
};

// Balancers that use the PROXY protocol to name the client they carry.
struct ProxyProtocolConfig {
    std::vector<IpNetwork> from;  // connections from here must begin with the header; from others none is read

    friend bool operator==(const ProxyProtocolConfig&, const ProxyProtocolConfig&) = default;
};

// How the path of a request is interpreted.
enum class PathForm : std::uint8_t {
    strict,  // in its one normal form, or refused
    raw,     // as written: other spellings can get around rules and API detection
};

// Pages of other origins that may read Weir's answers (the Fetch standard's CORS).
struct CorsConfig {
    std::vector<std::string> origins;  // as browsers write them, `https://chat.example`; `*`: any
    Duration max_age = 10min;          // how long a browser may cache a preflight's answer

    friend bool operator==(const CorsConfig&, const CorsConfig&) = default;
};

struct ListenerConfig {
    std::string name;
    net::BindAddress bind;
    std::optional<net::ServerTlsConfig> tls;
    std::optional<ProxyProtocolConfig> proxy_protocol;
    std::optional<CorsConfig> cors;  // absent: preflights go to the backend, which may answer them
    PathForm paths = PathForm::strict;
    bool trace = false;  // pass TRACE on; its answer repeats the request, credentials included
    ConnectionLimits limits;

    friend bool operator==(const ListenerConfig&, const ListenerConfig&) = default;
};

// What the whole process may hold, over all listeners.
struct ProcessLimits {
    std::uint32_t connections = 16'000;                // over all listeners; if not set: what the descriptors allow
    std::uint64_t buffered_bytes = 256 * 1024 * 1024;  // request bodies held before they are sent on
    std::uint64_t body_before_queue = 1024 * 1024;     // most that is read of an unscanned body before the queue
    Duration drain_timeout = 30s;                      // SIGTERM: how long running requests may take to finish

    friend bool operator==(const ProcessLimits&, const ProcessLimits&) = default;
};

}  // namespace weir::downstream
