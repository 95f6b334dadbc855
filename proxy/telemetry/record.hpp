#pragma once
// The log and metrics record of one request: filled in as it proceeds, emitted once at its end.

#include <array>
#include <cstdint>
#include <string_view>

#include "base/ids.hpp"
#include "base/ip.hpp"
#include "base/reason.hpp"
#include "base/time.hpp"

namespace weir::telemetry {

// Where a number of LLM tokens comes from, best source first.
enum class TokenSource : std::uint8_t {
    none,       // unknown, or no tokens at all
    usage,      // reported by the endpoint
    counted,    // from what passed
    estimated,  // from the prompt's length, or from what the request allows
};
inline constexpr std::size_t kTokenSourceCount = 4;

[[nodiscard]] constexpr std::string_view name(TokenSource source) {
    switch (source) {
        case TokenSource::usage: return "usage";
        case TokenSource::counted: return "counted";
        case TokenSource::estimated: return "estimated";
        case TokenSource::none: break;
    }
    return {};
}

struct TokenCount {
    std::uint32_t tokens = 0;
    TokenSource source = TokenSource::none;
};

// The views are valid for as long as the call that passes the record.
struct Record {
    ListenerId listener = kNoListener;
    ClassId cls = kNoClass;  // kNoClass: refused before it was classified
    BackendId backend = kNoBackend;
    EndpointId endpoint = kNoEndpoint;

    Reason reason = Reason::admitted;
    std::string_view gate;  // the gate that decided, for shed requests: `queue`, `client_rate`, ...
    double limit = 0;
    double observed = 0;
    bool shadow = false;                      // `reason` did not take effect: a policy in shadow mode
    Reason shadow_reason = Reason::admitted;  // the refusal that was not enforced, when `shadow`

    std::string_view degraded;         // names of the applied `degrade` rules, separated by commas
    std::uint64_t degraded_rules = 0;  // bits of their ids
    std::uint64_t spared_rules = 0;    // bits of the rules in shadow mode that would have been applied

    int status = 0;                 // what the client was sent; 0: nothing
    Duration queue{};               // time in the queue
    Duration first_byte{};          // from arrival to the first byte of the answer's body; zero when there was none
    Duration duration{};            // from arrival to the end
    Duration overhead{};            // time in Weir's own code, before the request was sent and before the answer was
    std::uint64_t bytes_in = 0;     // of the request's body
    std::uint64_t bytes_out = 0;    // of the answer's body
    std::uint32_t retry_count = 0;  // as the client says
    int attempts = 0;               // how often it was sent to an endpoint
    TokenCount tokens_in;           // of the prompt
    TokenCount tokens_out;          // of the part of the answer that arrived

    std::string_view request_id;
    std::string_view trace_id;
    std::string_view key_name;  // of the recognised API key: never the key
    IpAddress source;           // the client's address, as the policy determines it
    std::string_view method;
    std::string_view path;  // without the query
    std::string_view model;
};

// Why a connection was refused before its first request.
enum class ConnectionRefusal : std::uint8_t {
    global_limit,     // limits.connections
    listener_limit,   // the listener's limits.connections
    client_limit,     // the listener's limits.connections_per_client
    no_proxy_header,  // missing where one is required
};
inline constexpr auto kConnectionRefusals =
    std::to_array<std::string_view>({"global_limit", "listener_limit", "client_limit", "no_proxy_header"});

// Where records go. One per worker, used by the worker's thread only.
class Recorder {
public:
    virtual ~Recorder() = default;
    virtual void record(const Record& record) = 0;
    virtual void connection_opened(ListenerId listener) = 0;
    virtual void connection_closed(ListenerId listener) = 0;
    virtual void connection_refused(ListenerId listener, ConnectionRefusal why) = 0;
    // Changes the bytes of requests and answers held because the other side is not ready for them by `delta`.
    virtual void buffered(std::int64_t delta) = 0;
};

}  // namespace weir::telemetry
