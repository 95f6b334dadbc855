#pragma once
// The server side: a backend is a pool of endpoints that serve the same thing.

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/balance.hpp"
#include "base/dialect.hpp"
#include "base/time.hpp"
#include "net/config.hpp"

namespace weir::upstream {

using namespace std::chrono_literals;

// One address of a backend, from `http://HOST[:PORT][/PATH]` or the same with https, without query or user.
struct EndpointConfig {
    std::string url;  // as written: its name in metrics and logs
    bool tls = false;
    std::string host;  // a name or a literal address, without brackets
    std::uint16_t port = 80;
    std::string path{};  // before the path of every request; empty, or as "/openai/deployments/x"
    // Of one that was found under a name: that name, for its Host field and its certificate. Empty: `host`.
    std::string found_as{};
    std::uint16_t weight = 1;  // relative to the others of its backend

    [[nodiscard]] const std::string& name() const { return found_as.empty() ? host : found_as; }

    friend bool operator==(const EndpointConfig&, const EndpointConfig&) = default;
};

// Where a backend's endpoints are found, instead of a list: one of the two.
struct DiscoveryConfig {
    std::optional<EndpointConfig> dns;  // the name in `host`, what its addresses have in common in the rest
    std::vector<std::string> servers;   // ADDRESS or ADDRESS:PORT; empty: the system's
    std::string file;                   // a URL in each line
    std::uint32_t max = 64;             // endpoints

    [[nodiscard]] bool is_service() const { return dns && dns->host.starts_with('_'); }
    friend bool operator==(const DiscoveryConfig&, const DiscoveryConfig&) = default;
};

// Passive checks: an endpoint whose requests fail (no connection, reset before an answer, time-out, 5xx other than 501
// and 505) takes no requests for a while. The last available endpoint is never ejected.
struct EjectionConfig {
    std::uint32_t failures = 5;  // in a row; 0: never eject for failures
    double error_ratio = 0.5;    // of the last ten seconds, while the other endpoints do clearly better; 0: never
    Duration duration = 10s;     // doubled each time that it fails again on trial, up to 8 times
    double max_ejected = 0.5;    // share of the backend's endpoints; one may always be, unless it is the last
    std::uint32_t slow_first_token = 0;  // times the others' median time to the first token; 0: never

    friend bool operator==(const EjectionConfig&, const EjectionConfig&) = default;
};

// What becomes of the credentials that a client sent.
enum class ClientCredentials : std::uint8_t {
    unsaid,  // they are passed on, and `check` warns where that may not be meant
    pass,    // they are passed on
    none,    // they are removed
};

using NamedTexts = std::vector<std::pair<std::string, std::string>>;

// Weir's own credentials, in place of the client's. Secrets: never printed, logged or compared with `==` in a message.
struct CredentialsConfig {
    std::string bearer;   // Authorization: Bearer ...
    std::string api_key;  // x-api-key: ...
    NamedTexts fields;    // any other way, such as Azure's `api-key`

    friend bool operator==(const CredentialsConfig&, const CredentialsConfig&) = default;
};

// Fields of every request to a backend.
struct FieldsConfig {
    NamedTexts set;
    std::vector<std::string> remove;

    friend bool operator==(const FieldsConfig&, const FieldsConfig&) = default;
};

// Statuses, both bounds included.
struct StatusRange {
    int min = 200;
    int max = 299;

    [[nodiscard]] bool contains(int status) const { return min <= status && status <= max; }
    friend bool operator==(const StatusRange&, const StatusRange&) = default;
};

// Active health checks. An endpoint is down after `fall` failures in a row and up again after `rise` successes.
struct HealthConfig {
    std::string path = "/health";
    std::string method = "GET";
    NamedTexts fields;                      // `headers`: beside those of every request to the backend
    std::vector<StatusRange> statuses;      // successes; empty: 200 to 299
    std::string body;                       // a text that a success contains; empty: any
    bool anonymous = false;                 // `auth: none`: without the backend's credentials
    std::optional<CredentialsConfig> auth;  // in their place
    Duration every = 2s;                    // varied by up to a tenth
    Duration timeout = 1s;                  // must be shorter than `every`
    std::uint32_t fall = 3;
    std::uint32_t rise = 2;

    friend bool operator==(const HealthConfig&, const HealthConfig&) = default;
};

struct TimeoutConfig {
    Duration connect = 1s;          // TCP and TLS handshake together
    Duration first_byte = 60s;      // from the last request byte to the first byte of the answer
    Duration whole_answer = 10min;  // the same for a POST whose answer does not stream: it comes once it is complete
    Duration idle = 60s;            // longest silence within an answer
    Duration total = 10min;         // from dispatch to the last byte
    Duration job = 15min;           // of a video job, which is considered over then, whatever its state
    Duration keep_alive = 30s;      // how long an unused connection is kept
    Duration connection = 10min;    // after which a connection is not used again

    friend bool operator==(const TimeoutConfig&, const TimeoutConfig&) = default;
};

// Why a request is sent again.
enum class TryCause : std::uint8_t {
    connect,     // no connection
    reset,       // closed or broken before it answered
    first_byte,  // silent for longer than it may be before its first byte, or between its head and its content
    status_429,
    status_500,  // only of an endpoint that others do better than: it may be the fault of the request
    status_502,
    status_503,
    status_504,
    status_529,
};
inline constexpr auto kTryCauses =
    std::to_array<std::string_view>({"connect", "reset", "first_byte", "429", "500", "502", "503", "504", "529"});

// How often a request is sent while nothing of an answer has been passed on and the whole request is still here: to
// another endpoint, or to a fallback backend.
struct TriesConfig {
    std::uint32_t most = 3;  // in all; 1: never again
    // Of a class's requests in flight, the share that may be in a second or later try. Three always may.
    double budget = 0.1;
    std::vector<TryCause> on;  // empty: every cause

    [[nodiscard]] bool allow(TryCause cause) const {
        return on.empty() || std::find(on.begin(), on.end(), cause) != on.end();
    }

    friend bool operator==(const TriesConfig&, const TriesConfig&) = default;
};

// What tells how many requests an endpoint takes.
enum class LearnedFrom : std::uint8_t {
    latency,  // first tokens and the time per token: of an engine
    quota,    // the requests that it refuses with 429, 503 or 529: of a hosted API
};

// How many requests an endpoint takes at once, where the policy leaves that to be learned at run time.
struct LearnedRequests {
    LearnedFrom from = LearnedFrom::latency;
    std::uint32_t start = 32;
    std::uint32_t max = 512;

    friend bool operator==(const LearnedRequests&, const LearnedRequests&) = default;
};

// LLM tokens that an endpoint's KV cache holds: a number, or what the engine reports.
struct ContextTokens {
    std::uint64_t tokens = 0;  // 0: unknown
    bool read = false;         // from the engine's metrics, when it comes up

    friend bool operator==(const ContextTokens&, const ContextTokens&) = default;
};

// Whether the engine is given the priority of a request's class. A priority that the caller sends is always removed,
// unless a trusted proxy sends it and none is written in its place: a client must not choose its position in the
// engine's queue.
enum class EnginePriority : std::uint8_t {
    strip,   // no priority is sent
    vllm,    // the body's `priority`, 0 for the best: vLLM with --scheduling-policy priority
    sglang,  // the same, 4 for the best: SGLang with --enable-priority-scheduling
    dynamo,  // `nvext.agent_hints.priority`, 4 for the best: NVIDIA Dynamo's router
};

// First tokens of better classes against all work.
struct HeadroomSetting {
    std::optional<double> share{};  // 0 to 1; absent: the law's own

    friend bool operator==(const HeadroomSetting&, const HeadroomSetting&) = default;
};

struct MetricsConfig {
    std::string path = "/metrics";  // GET; Prometheus' text format, with vLLM's or SGLang's names
    Duration timeout = 1s;
    bool gauges = false;  // read once a second, as evidence against limits that are too high

    friend bool operator==(const MetricsConfig&, const MetricsConfig&) = default;
};

// By what `balance: prefix_affinity` knows a conversation, beside its beginning.
struct AffinityConfig {
    std::string header;  // whose value names it, in requests that have it once

    friend bool operator==(const AffinityConfig&, const AffinityConfig&) = default;
};

// What one endpoint makes and alone knows: later requests about it go there.
struct StickyConfig {
    std::uint32_t ids = 10'000;  // remembered at once
    Duration keep = 24h;         // after the last request about it

    friend bool operator==(const StickyConfig&, const StickyConfig&) = default;
};

// Video jobs that hold slots.
struct VideoConfig {
    Duration poll = 5s;  // between two of Weir's own polls of a job; 0: never polls

    friend bool operator==(const VideoConfig&, const VideoConfig&) = default;
};

// WebSocket upgrades that are passed on.
struct WebSocketConfig {
    std::uint32_t connections = 1000;            // open at once to each endpoint; one more is refused
    std::uint32_t connections_per_client = 100;  // of one client, open at once, over all endpoints; one more is refused
    Duration idle = 5min;   // neither side has sent anything, or, where the connection holds a slot, no data
    Duration longest = 1h;  // after which it is closed in any state

    friend bool operator==(const WebSocketConfig&, const WebSocketConfig&) = default;
};

struct BackendConfig {
    std::string name;
    Dialect dialect = Dialect::openai;         // for paths of no known dialect
    std::vector<EndpointConfig> endpoints;     // with `discovery`: those found so far
    std::optional<DiscoveryConfig> discovery;  // absent: they are listed in the policy
    ClientCredentials client_credentials = ClientCredentials::unsaid;
    std::optional<CredentialsConfig> credentials;  // absent: none of Weir's own
    FieldsConfig fields;
    NamedTexts query;   // members of every request's query
    NamedTexts models;  // by the name that clients use: the name that this backend uses
    std::string host;   // of every request's Host field; empty: the endpoint's
    Balance balance = Balance::most_room;
    std::optional<AffinityConfig> affinity;      // absent: by its beginning alone
    std::uint32_t requests = 0;                  // capacity.requests: in flight at once on each endpoint
    std::optional<LearnedRequests> learned;      // instead of `requests`; a policy has one of them
    ContextTokens context_tokens;                // capacity.context_tokens, of each endpoint
    std::optional<std::uint32_t> prompt_tokens;  // capacity.prompt_tokens: without a first token, on each endpoint
    HeadroomSetting headroom;
    EnginePriority priority = EnginePriority::strip;
    bool ask_usage = true;  // in OpenAI streams whose client did not; invisible downstream
    MetricsConfig metrics;
    std::optional<HealthConfig> health;  // absent: only passive checks
    EjectionConfig ejection;
    Duration slow_start = 20s;  // in which the load of an endpoint that comes back rises to its full share; 0: at once
    TriesConfig tries;
    std::vector<std::string> fallback;  // names of backends that serve what this one cannot, in order
    TimeoutConfig timeouts;
    std::optional<StickyConfig> sticky;  // absent: any endpoint will do
    VideoConfig video;
    std::optional<WebSocketConfig> websocket;  // absent: upgrades are not passed on
    net::ClientTlsConfig tls;                  // for https endpoints

    [[nodiscard]] bool learns_quota() const { return learned && learned->from == LearnedFrom::quota; }

    friend bool operator==(const BackendConfig&, const BackendConfig&) = default;
};

}  // namespace weir::upstream
