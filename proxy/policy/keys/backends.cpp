// The rows of the server side.
#include "policy/forms/forms.hpp"
#include "policy/keys/keys.hpp"

namespace weir::policy {
namespace {

using net::ClientTlsConfig;
using upstream::BackendConfig;
using upstream::EjectionConfig;
using upstream::HealthConfig;
using upstream::LearnedRequests;
using upstream::MetricsConfig;
using upstream::TimeoutConfig;
using upstream::VideoConfig;
using upstream::WebSocketConfig;

constexpr std::array kLearnFields{
    required(scalar<kTrue>("learn", "", "Learned while it serves, from first tokens and the time per token.")),
    scalar<kPositive, &LearnedRequests::start>("start", "32", "What each endpoint begins with."),
    scalar<kPositive, &LearnedRequests::max>("max", "512", "No endpoint gets more."),
};
constexpr Shape kLearnShape = shape<LearnedRequests>("", kLearnFields);

constexpr std::array kCapacityFields{
    required(either(scalar<kPositive, &BackendConfig::requests>(
                        "requests", "", "In flight at once on each endpoint: the engine's max_num_seqs."),
                    map<&BackendConfig::learned>("requests", kLearnShape, ""))),
    scalar<kContextTokens, &BackendConfig::context_tokens>(
        "context_tokens", "",
        "LLM tokens in each engine's KV cache: prompts and answers of all in flight. `read`: what the engine's metrics "
        "say. Without it, no limit on them."),
    scalar<kPositive, &BackendConfig::prompt_tokens>(
        "prompt_tokens", "", "LLM tokens of prompts without a first token, on each endpoint; without it, 16384."),
};
constexpr Shape kCapacityShape = shape<BackendConfig>("", kCapacityFields);

constexpr std::array kHealthFields{
    scalar<kUrlPath, &HealthConfig::path>("path", "/health", "Asked with GET; 200 to 299 is a success."),
    scalar<kDuration, &HealthConfig::every>("every", "2s", "Time between two checks of an endpoint."),
    scalar<kDuration, &HealthConfig::timeout>("timeout", "1s", "For one check; must be shorter than `every`."),
    scalar<kPositive, &HealthConfig::fall>("fall", "3", "Failures in a row that take an endpoint out."),
    scalar<kPositive, &HealthConfig::rise>("rise", "2", "Successes in a row that bring it back."),
};
constexpr Shape kHealthShape = shape<HealthConfig>("", kHealthFields);

constexpr std::array kEjectionFields{
    scalar<kCount, &EjectionConfig::failures>(
        "failures", "5", "Failed requests in a row that take an endpoint out for a while; 0 is never."),
    scalar<kDuration, &EjectionConfig::duration>("duration", "10s", "For how long."),
};
constexpr Shape kEjectionShape = shape<EjectionConfig>("", kEjectionFields);

constexpr std::array kTimeoutFields{
    scalar<kDuration, &TimeoutConfig::connect>("connect", "1s", "TCP and TLS handshake together."),
    scalar<kDuration, &TimeoutConfig::first_byte>("first_byte", "1m",
                                                  "From the last byte of the request to the first of the answer."),
    scalar<kDuration, &TimeoutConfig::whole_answer>(
        "whole_answer", "10m",
        "The same for a POST whose answer does not stream: nothing of it comes before all of it is made."),
    scalar<kDuration, &TimeoutConfig::idle>(
        "idle", "1m",
        "The longest silence within an answer; also the longest time in which an endpoint takes nothing of a request."),
    scalar<kDuration, &TimeoutConfig::total>("total", "10m", "From dispatch to the last byte."),
    scalar<kDuration, &TimeoutConfig::job>("job", "15m", "How long a video job may hold its slot."),
    scalar<kDuration, &TimeoutConfig::keep_alive>("keep_alive", "30s", "How long an unused connection is kept."),
};
constexpr Shape kTimeoutShape = shape<TimeoutConfig>("", kTimeoutFields);

constexpr std::array kWebSocketFields{
    scalar<kPositive, &WebSocketConfig::connections>("connections", "1000",
                                                     "Open at once to each endpoint; one more is refused."),
    scalar<kPositive, &WebSocketConfig::connections_per_client>("connections_per_client", "100",
                                                                "Of them, of one client; one more is refused."),
    scalar<kDuration, &WebSocketConfig::idle>("idle", "5m", "Closed when neither side has sent anything for so long."),
    scalar<kDuration, &WebSocketConfig::longest>("longest", "1h", "Closed after that, whatever it does."),
};
constexpr Shape kWebSocketShape = shape<WebSocketConfig>("", kWebSocketFields);

constexpr std::array kVideoFields{
    scalar<kDurationOrZero, &VideoConfig::poll>(
        "poll", "5s", "How often an endpoint is asked about each of its video jobs that hold a slot; 0s is never."),
};
constexpr Shape kVideoShape = shape<VideoConfig>("", kVideoFields);

constexpr std::array kMetricsFields{
    scalar<kUrlPath, &MetricsConfig::path>("path", "/metrics", "Asked with GET; Prometheus' text, of vLLM or SGLang."),
    scalar<kDuration, &MetricsConfig::timeout>("timeout", "1s", "For one reading."),
};
constexpr Shape kMetricsShape = shape<MetricsConfig>("", kMetricsFields);

constexpr std::array kTlsFields{
    scalar<kBool, &ClientTlsConfig::verify>("verify", "true", "Whether the endpoint's certificate is checked."),
    scalar<kFile, &ClientTlsConfig::ca_file>("ca_file", "", "PEM; without it, the system's authorities."),
    scalar<kText, &ClientTlsConfig::server_name>(
        "server_name", "", "Sent as SNI and looked for in the certificate; without it, the endpoint's host."),
};
constexpr Shape kTlsShape = shape<ClientTlsConfig>("", kTlsFields);

constexpr std::array kBackendFields{
    required(scalar<kName, &BackendConfig::name>("name", "", "What classes, the log and the metrics call it.")),
    scalar<kDialect, &BackendConfig::dialect>("dialect", "openai",
                                              "How refusals are worded on paths that do not tell by themselves."),
    required(scalars<kEndpoint, &BackendConfig::endpoints>("endpoints", "http:// or https:// URLs without a path.")),
    scalar<kBalance, &BackendConfig::balance>("balance", "most_room",
                                              "Which of the endpoints that can take a request gets it."),
    required(map<>("capacity", kCapacityShape, "What each endpoint can do at once.")),
    map<&BackendConfig::health>("health", kHealthShape,
                                "Active checks; without them only failing requests take an endpoint out."),
    map<&BackendConfig::ejection>("ejection", kEjectionShape, "Passive checks, from the requests themselves."),
    map<&BackendConfig::timeouts>("timeouts", kTimeoutShape, "How long Weir waits for an endpoint."),
    map<&BackendConfig::video>("video", kVideoShape, "Video jobs, each of which holds a slot until it is over."),
    map<&BackendConfig::websocket>("websocket", kWebSocketShape,
                                   "Upgrades to WebSocket are passed on; without it they are not."),
    map<&BackendConfig::tls>("tls", kTlsShape, "How https endpoints are checked."),
    scalar<kBool, &BackendConfig::ask_usage>(
        "ask_usage", "true",
        "Ask streams of OpenAI's for their usage where the client did not, and take the chunk out that brings it."),
    scalar<kEnginePriority, &BackendConfig::priority>("priority", "strip",
                                                      "The engine whose way to be told the class's priority is used; "
                                                      "`strip` tells none. What a caller says of it does "
                                                      "not pass."),
    map<&BackendConfig::metrics>("metrics", kMetricsShape, "Where `context_tokens: read` looks."),
};

}  // namespace

constinit const Shape kBackendShape = shape<BackendConfig>("backend", kBackendFields);

}  // namespace weir::policy
