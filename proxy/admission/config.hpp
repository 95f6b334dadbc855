#pragma once
// The judge's configuration: who the clients are, which class a request falls into, and what each class may use.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "admission/law.hpp"
#include "admission/learn/limit_learner.hpp"
#include "admission/learn/quota_learner.hpp"
#include "base/balance.hpp"
#include "base/ids.hpp"
#include "base/ip.hpp"
#include "base/sha256.hpp"
#include "base/time.hpp"

namespace weir::admission {

using namespace std::chrono_literals;

enum class Mode : std::uint8_t {
    enforce,
    shadow,  // decide, count and log, but let through
};

// Best first: the value is the rank.
enum class Priority : std::uint8_t { critical, high, normal, low, sheddable };
inline constexpr std::size_t kPriorityCount = 5;

struct ApiKey {
    std::string name;  // what `match.api_key` and the log call it
    std::string plan;  // what `match.plan` calls it; may be empty
    Sha256 digest;

    friend bool operator==(const ApiKey&, const ApiKey&) = default;
};

// A client that identifies itself by the certificate that it presents to a listener with `client_ca_file`.
struct Certificate {
    std::string name;      // what `match.certificate` and the log call it
    std::string plan;      // what `match.plan` calls it; may be empty
    std::string subject;   // in RFC 2253 form: CN=robot,O=Example
    std::string issuer{};  // in the same form; empty: any of the listener's authorities

    friend bool operator==(const Certificate&, const Certificate&) = default;
};

struct ClientsConfig {
    std::vector<ApiKey> api_keys;
    std::vector<Certificate> certificates;
    std::vector<IpNetwork> trusted_proxies;  // only their X-Forwarded-For is believed

    friend bool operator==(const ClientsConfig&, const ClientsConfig&) = default;
};

// LLM tokens, both bounds included.
struct TokenRange {
    std::uint32_t min = 0;
    std::optional<std::uint32_t> max;

    friend bool operator==(const TokenRange&, const TokenRange&) = default;
};

// The conditions of a class: all that are set must hold; within one, any of the listed values is enough. With
// everything empty it matches every request.
struct MatchConfig {
    std::vector<std::string> api_keys;                         // names of keys; the caller presented one of them
    std::vector<std::string> certificates;                     // names of certificates; the caller presented one
    std::vector<std::string> plans;                            // plans of keys and certificates
    std::vector<IpNetwork> sources;                            // the client's address
    std::vector<std::string> listeners;                        // names
    std::vector<std::string> paths;                            // exact, or a prefix when it ends in `*`
    std::vector<std::string> methods;                          // GET, POST, ...
    std::vector<std::pair<std::string, std::string>> headers;  // lower-case name, exact value; all must be present
    // Conditions on the JSON body; none of these holds for a request without one.
    std::vector<std::string> models;         // exact, or a prefix when it ends in `*`
    std::vector<std::string> service_tiers;  // exact
    std::optional<bool> stream;              // whether the answer is to be streamed as events
    std::optional<TokenRange> prompt;        // its size

    std::vector<MatchConfig> none_of;  // `not:`; at most one, and it holds no further `not:`

    friend bool operator==(const MatchConfig&, const MatchConfig&) = default;
};

// A bucket: `per_second` on average, `burst` at once after a quiet time; in requests or LLM tokens.
struct RateConfig {
    double per_second = 0;
    double burst = 1;  // at least 1

    friend bool operator==(const RateConfig&, const RateConfig&) = default;
};

// Limits on LLM tokens; each that is set has a bucket of its own.
struct TokenLimitConfig {
    std::optional<RateConfig> both;    // prompts and answers together
    std::optional<RateConfig> input;   // prompts
    std::optional<RateConfig> output;  // answers

    friend bool operator==(const TokenLimitConfig&, const TokenLimitConfig&) = default;
};

struct LimitConfig {
    std::optional<RateConfig> requests;
    std::optional<std::uint32_t> concurrency;  // in flight and queued together
    Mode mode = Mode::enforce;                 // shadow: count what it would refuse, refuse nothing
    std::optional<TokenLimitConfig> tokens{};
    std::optional<RateConfig> video{};  // in seconds of 720 x 1280 video; larger sizes count for more

    friend bool operator==(const LimitConfig&, const LimitConfig&) = default;
};

struct RefusalConfig {
    Duration retry_after = 5s;       // the advice on overload, before jitter of half of it either way
    Duration retry_after_max = 50s;  // the longest advice; at most 50 s: SDKs ignore or hang beyond a minute
    bool tell_no_retry = false;      // also send `x-should-retry: false` on overload, which SDKs obey

    friend bool operator==(const RefusalConfig&, const RefusalConfig&) = default;
};

struct SloConfig {
    Duration first_token = 0s;
    double target = 0.99;                 // share of requests
    std::optional<Duration> per_token{};  // between two tokens of an answer, on average; only learned limits use it

    friend bool operator==(const SloConfig&, const SloConfig&) = default;
};

// Which requests of a class are served while not all can be.
enum class Shed : std::uint8_t {
    whole_clients,  // some clients in full, the same ones for an hour
    evenly,         // all clients in part
};

// What a request does while no endpoint of its backend, nor of a fallback, is available.
enum class WhenDown : std::uint8_t {
    wait,  // it waits in the queue: endpoints come back
    fail,  // it is refused at once
};

struct ClassConfig {
    std::string name;
    MatchConfig match;
    std::string backend;
    Priority priority = Priority::normal;
    std::uint32_t weight = 1;  // among classes of one priority: its share of what they have in flight
    double guarantee = 0;      // 0 to 1: its share of all in flight on the backend, whatever better classes want
    bool preemptible = false;  // its newest running answers may be ended early for a better class that has waited long
    Shed shed = Shed::whole_clients;
    std::optional<SloConfig> slo;
    WhenDown when_down = WhenDown::wait;
    std::optional<Duration> queue_timeout;  // default: 0.8 x slo.first_token, or 5 s without an slo
    std::optional<std::uint32_t> queue;     // places; default: max(16, an eighth of the backend's requests)
    LimitConfig limits;                     // of the class as a whole
    LimitConfig per_client;                 // of each client in it
    RefusalConfig refusal;
    std::string service_tier;  // the tier that its answers report; empty: none is added
    Mode mode = Mode::enforce;

    friend bool operator==(const ClassConfig&, const ClassConfig&) = default;
};

// The longest a request of this class may wait in the queue.
[[nodiscard]] Duration effective_queue_timeout(const ClassConfig& config);

// The places in the queue of this class, on a backend whose endpoints take `requests` at once in total.
[[nodiscard]] std::uint32_t effective_queue(const ClassConfig& config, std::uint32_t requests);

// A cheaper answer rather than none: one rule of `degrade`.
struct DegradeConfig {
    std::string name;
    // when: all that are set hold
    std::vector<std::string> classes;  // names; one of them
    double pressure = 0;               // the least, on the class's backend: 1 is full (see Judge::pressure)
    std::vector<std::string> models;   // that the body names: exact, or a prefix when it ends in `*`
    std::optional<TokenRange> prompt;  // the prompt's size
    // do: what is set
    std::optional<std::uint32_t> max_output_tokens;  // the longest answer
    std::optional<std::uint32_t> n;                  // the most answers to one request
    std::string model;                               // replaces the body's
    std::string service_tier;                        // replaces the body's
    std::string backend;                             // replaces the class's
    Mode mode = Mode::enforce;                       // shadow: count what it would do, do nothing

    friend bool operator==(const DegradeConfig&, const DegradeConfig&) = default;
};

// One class as the judge sees it: the policy's settings plus the number that stands for its name.
struct JudgeClass {
    ClassId id = kNoClass;
    ClassConfig config;
};

struct JudgeEndpoint {
    EndpointId id = kNoEndpoint;
    std::uint32_t requests = 1;                        // S: in flight at once; where it is learned, unused
    std::uint64_t context_tokens = 0;                  // K: of the KV cache; 0: not known, not limited
    std::uint32_t prompt_tokens = law::kPromptTokens;  // PF: prompts without a first token
    std::optional<LearnConfig> learn{};                // of S
    std::optional<QuotaConfig> quota{};                // of a hosted API; instead of S
    bool gauges = false;                               // the engine's are read
    std::uint64_t name_hash = 0;                       // StableHash of its URL; only prefix affinity uses it
};

// S, or what it is before anything has been learned.
[[nodiscard]] inline std::uint32_t initial_slots(const JudgeEndpoint& endpoint) {
    if (endpoint.quota) return endpoint.quota->start;
    return endpoint.learn ? endpoint.learn->start : endpoint.requests;
}

// One backend: its endpoints, and the classes that are sent to it.
struct JudgeConfig {
    std::string name;  // the backend's
    std::vector<JudgeClass> classes;
    std::vector<JudgeEndpoint> endpoints;
    Mode mode = Mode::enforce;            // of the whole policy
    std::uint32_t client_table = 65'536;  // clients remembered per class
    Balance balance = Balance::most_room;
    double pipe_headroom = law::kPipeHeadroom;  // 0 to 1: first tokens of better classes against all work
    Parts parts;                                // of the law; fewer than all only in an ablation
};

}  // namespace weir::admission
