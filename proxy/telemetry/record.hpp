#pragma once
// Everything that is remembered of one request: filled in as it goes along, told once, at its end.

#include <array>
#include <cstdint>
#include <string_view>

#include "base/ids.hpp"
#include "base/ip.hpp"
#include "base/reason.hpp"
#include "base/time.hpp"

namespace weir::telemetry {

// Where a number of LLM tokens comes from, best first.
enum class TokenSource : std::uint8_t {
    none,       // nobody knows, or there are none to speak of
    usage,      // the endpoint's own word
    counted,    // from what passed
    estimated,  // from the length of the prompt, or from what the request allows
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

// The views live as long as the call that passes the record on.
struct Record {
    ListenerId listener = kNoListener;
    ClassId cls = kNoClass;  // kNoClass: refused before it was classified
    BackendId backend = kNoBackend;
    EndpointId endpoint = kNoEndpoint;

    Reason reason = Reason::admitted;
    std::string_view gate;  // what decided, for shed requests: `queue`, `client_rate`, ...
    double limit = 0;
    double observed = 0;
    bool shadow = false;                      // `reason` did not take effect: a policy in shadow mode
    Reason shadow_reason = Reason::admitted;  // what would have been, when `shadow`

    std::string_view degraded;         // names of the `degrade` rules that were applied, separated by commas
    std::uint64_t degraded_rules = 0;  // bits of their ids
    std::uint64_t spared_rules = 0;    // bits of those in shadow that would have been

    int status = 0;               // what the client was sent; 0: nothing
    Duration queue{};             // in line
    Duration first_byte{};        // from arrival to the first byte of the answer's body; zero when there was none
    Duration duration{};          // from arrival to the end
    Duration overhead{};          // spent in Weir's own code before the request was sent and before the answer was
    std::uint64_t bytes_in = 0;   // of the request's body
    std::uint64_t bytes_out = 0;  // of the answer's body
    std::uint32_t retry_count = 0;
    TokenCount tokens_in;   // of the prompt
    TokenCount tokens_out;  // of the answer, as far as it came

    std::string_view request_id;
    std::string_view trace_id;
    std::string_view key_name;  // of the API key that was recognised: never the key
    IpAddress source;           // the address that counts
    std::string_view method;
    std::string_view path;  // without the query
    std::string_view model;
};

// Why a connection was refused before its first request.
enum class ConnectionRefusal : std::uint8_t {
    global_limit,     // limits.connections
    listener_limit,   // the listener's limits.connections
    client_limit,     // its limits.connections_per_client
    no_proxy_header,  // where one must come
};
inline constexpr auto kConnectionRefusals =
    std::to_array<std::string_view>({"global_limit", "listener_limit", "client_limit", "no_proxy_header"});

// Where records go. One per worker; the worker's thread only.
class Recorder {
public:
    virtual ~Recorder() = default;
    virtual void record(const Record& record) = 0;
    virtual void connection_opened(ListenerId listener) = 0;
    virtual void connection_closed(ListenerId listener) = 0;
    virtual void connection_refused(ListenerId listener, ConnectionRefusal why) = 0;
    // Bytes of requests and answers that are held because the other side is not ready for them: changes by `delta`.
    virtual void buffered(std::int64_t delta) = 0;
};

}  // namespace weir::telemetry
