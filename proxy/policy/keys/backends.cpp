// The keys of a backend.
#include "policy/forms/forms.hpp"
#include "policy/keys/keys.hpp"

namespace weir::policy {

using net::ClientTlsConfig;
using upstream::AffinityConfig;
using upstream::BackendConfig;
using upstream::CredentialsConfig;
using upstream::DiscoveryConfig;
using upstream::EjectionConfig;
using upstream::FieldsConfig;
using upstream::HealthConfig;
using upstream::LearnedRequests;
using upstream::MetricsConfig;
using upstream::StickyConfig;
using upstream::TimeoutConfig;
using upstream::TriesConfig;
using upstream::VideoConfig;
using upstream::WebSocketConfig;

void describe(Visitor& v, DiscoveryConfig& c) {
    v.not_empty();
    v.key("dns", c.dns, kDnsName,
          "Every address of this name is an endpoint; of a name such as _http._tcp.llm, every service.");
    v.list("servers", c.servers, kNameServer, "Name servers to ask; without it, the system's.");
    v.key("file", c.file, kFile, "A file with a URL in each line; it is read again when it changes.");
    v.key("max", c.max, kPositive, "Endpoints beyond this number are left out.");
}

void describe(Visitor& v, LearnedRequests& c) {
    std::string learn = "true";  // the only value
    v.required().key("learn", learn, kTrue, "Learned while serving.");
    v.key(
        "from", c.from, kLearnedFrom,
        "`latency`: an engine's, from first tokens and the time per token. `quota`: a hosted API's, from the requests "
        "that it refuses with 429, 503 or 529, which wait in the queue and are sent again.");
    v.key("start", c.start, kPositive, "The limit each endpoint starts with.");
    v.key("max", c.max, kPositive, "The highest limit of an endpoint.");
}

void describe(Visitor& v, HealthConfig& c) {
    v.key("path", c.path, kUrlPath, "The path that is requested.");
    v.key("method", c.method, kMethod, "The method of the request, which has no body.");
    v.pairs("headers", c.fields, kHeaderName, kFieldValue, "Fields of the request, beside the backend's own.");
    v.list("status", c.statuses, kStatuses, "Statuses that are a success; without it, 200-299.");
    v.key("body", c.body, kFieldValue, "A text that the first 64 KiB of the answer must contain.");
    v.either("auth", c.anonymous, kNoCredentials, MemberPart(c.auth),
             "Credentials in place of the backend's; `none`: none.");
    v.key("every", c.every, kDuration, "Time between two checks of an endpoint, varied by up to a tenth.");
    v.key("timeout", c.timeout, kDuration, "Time limit of one check; must be shorter than `every`.");
    v.key("fall", c.fall, kPositive, "Failures in a row that take an endpoint out.");
    v.key("rise", c.rise, kPositive, "Successes in a row that bring it back.");
}

void describe(Visitor& v, EjectionConfig& c) {
    v.key("failures", c.failures, kCount,
          "Failed requests in a row that take an endpoint out for a while; 0 means never.");
    v.key("error_ratio", c.error_ratio, kPercent,
          "The share of failures among its requests of ten seconds that takes it out while the others do clearly "
          "better; 0% means never.");
    v.key("duration", c.duration, kDuration,
          "How long it stays out; longer each time that it fails again, up to eight times.");
    v.key("max_ejected", c.max_ejected, kPercent, "The share of the backend's endpoints that may be out at once.");
    v.key("slow_first_token", c.slow_first_token, kCount,
          "Takes an endpoint out whose median time to the first token is this many times that of the others; 0 means "
          "never.");
}

void describe(Visitor& v, TriesConfig& c) {
    v.key("most", c.most, kPositive, "How often a request is sent in all; 1 means never again.");
    v.key("budget", c.budget, kPercent,
          "Of a class's requests in flight, the share that may be in a second or later try; three always may.");
    v.list("on", c.on, kTryCause, "Causes for another try; without it, all of them.");
}

void describe(Visitor& v, TimeoutConfig& c) {
    v.key("connect", c.connect, kDuration, "TCP and TLS handshake together.");
    v.key("first_byte", c.first_byte, kDuration, "From the last byte of the request to the first of the answer.");
    v.key("whole_answer", c.whole_answer, kDuration,
          "The same for a POST whose answer does not stream: nothing of it arrives before it is complete.");
    v.key(
        "idle", c.idle, kDuration,
        "The longest silence within an answer; also the longest time in which an endpoint reads nothing of a request.");
    v.key("total", c.total, kDuration, "From dispatch to the last byte.");
    v.key("job", c.job, kDuration, "How long a video job may hold its slot.");
    v.key("keep_alive", c.keep_alive, kDuration, "How long an unused connection is kept open.");
    v.key("connection", c.connection, kDuration, "After this long, a connection takes no further request.");
}

void describe(Visitor& v, WebSocketConfig& c) {
    v.key("connections", c.connections, kPositive, "Connections open at once to each endpoint; more are refused.");
    v.key("connections_per_client", c.connections_per_client, kPositive,
          "Of these, connections of one client; more are refused.");
    v.key("idle", c.idle, kDuration, "A connection is closed when neither side has sent anything for this long.");
    v.key("longest", c.longest, kDuration, "A connection is closed after this long, even if it is active.");
}

void describe(Visitor& v, VideoConfig& c) {
    v.key("poll", c.poll, kDurationOrZero,
          "How often an endpoint is asked about each of its video jobs that hold a slot; 0s means never.");
}

void describe(Visitor& v, StickyConfig& c) {
    v.key("ids", c.ids, kPositive, "How many are remembered; the one that was longest not asked for makes room.");
    v.key("keep", c.keep, kDuration, "How long after the last request about it.");
}

void describe(Visitor& v, MetricsConfig& c) {
    v.key("path", c.path, kUrlPath, "Requested with GET; Prometheus text as vLLM or SGLang serve it.");
    v.key("timeout", c.timeout, kDuration, "Time limit of one reading.");
    v.key("gauges", c.gauges, kBool,
          "Read once a second how much the engine runs, how much waits in it and how full its KV cache is: limits that "
          "it contradicts are lowered, and reported.");
}

void describe(Visitor& v, ClientTlsConfig& c) {
    v.key("verify", c.verify, kBool, "Whether the endpoint's certificate is checked.");
    v.key("ca_file", c.ca_file, kFile, "PEM; without it, the system's authorities.");
    v.key("server_name", c.server_name, kText,
          "Sent as SNI and expected in the certificate; without it, the endpoint's host.");
}

void describe(Visitor& v, CredentialsConfig& c) {
    v.not_empty();
    v.secret().key("bearer", c.bearer, kFieldValue, "Sent as `authorization: Bearer ...`.");
    v.secret().key("api_key", c.api_key, kFieldValue, "Sent as `x-api-key`, as Anthropic's API expects it.");
    v.secret().pairs("header", c.fields, kHeaderName, kFieldValue,
                     "Sent under these names, such as Azure's `api-key`.");
}

void describe(Visitor& v, FieldsConfig& c) {
    v.not_empty();
    v.pairs("set", c.set, kHeaderName, kFieldValue, "Set in every request, in place of what the client sent.");
    v.list("remove", c.remove, kHeaderName, "Removed from every request.");
}

void describe(Visitor& v, AffinityConfig& c) {
    v.required().key("header", c.header, kHeaderName,
                     "The header whose value names a conversation; a request without it is known by how it begins.");
}

void describe_capacity(Visitor& v, BackendConfig& c) {
    v.required().either("requests", c.requests, kPositive, MemberPart(c.learned),
                        "Requests in flight at once on each endpoint: the engine's max_num_seqs.");
    v.key("context_tokens", c.context_tokens, kContextTokens,
          "LLM tokens in each engine's KV cache: prompts and answers of all requests in flight. `read`: as the "
          "engine's metrics report. Without it, no limit.");
    v.key("prompt_tokens", c.prompt_tokens, kPositive,
          "LLM tokens of prompts without a first token, on each endpoint; without it, 16384.");
}

void describe(Visitor& v, BackendConfig& c) {
    v.noun("backend");
    v.required().key("name", c.name, kName, "The name used in classes, the log and the metrics.");
    v.key("dialect", c.dialect, kDialect, "The API whose format refusals have on paths that do not reveal it.");
    v.required().list_or("endpoints", c.endpoints, kEndpoint, MemberPart(c.discovery),
                         "http:// or https:// URLs; a path comes before the path of each request.");
    v.either("auth", c.client_credentials, kClientCredentials, MemberPart(c.credentials),
             "Credentials of Weir's own, in place of the client's. `pass`: the client's, as without this key; `none`: "
             "none.");
    v.map("headers", c.fields, "Fields of every request.");
    v.pairs("query", c.query, kQueryText, kQueryText, "Members of every request's query.");
    v.pairs("models", c.models, kText, kText,
            "The name that clients use for a model, and the name that this backend uses; in requests and answers.");
    v.key("host", c.host, kAuthority, "The Host field of every request; without it, the endpoint's host.");
    v.key("balance", c.balance, kBalance, "Which of the endpoints that can take a request gets it.");
    v.map("affinity", c.affinity, "How `balance: prefix_affinity` knows what belongs together.");
    v.required().group("capacity", "What each endpoint can take at once.",
                       [&](Visitor& capacity) { describe_capacity(capacity, c); });
    v.map("health", c.health, "Active checks; without them only failing requests take an endpoint out.");
    v.map("ejection", c.ejection, "Passive checks, by the requests themselves.");
    v.key("slow_start", c.slow_start, kDurationOrZero,
          "The time in which the load of an endpoint that comes back rises to its full share; 0s means at once.");
    v.map("tries", c.tries,
          "When a request is sent again: to another endpoint, or to a fallback. Never after a byte of an answer.");
    v.list("fallback", c.fallback, kText, "Names of backends that serve, in this order, what this one cannot.");
    v.map("timeouts", c.timeouts, "How long Weir waits for an endpoint.");
    v.map("sticky", c.sticky,
          "Requests about a stored response, a file, a batch and the like go to the endpoint that made it.");
    v.map("video", c.video, "Video jobs; each holds a slot until it has ended.");
    v.map("websocket", c.websocket, "Upgrades to WebSocket are passed on; without this key they are not.");
    v.map("tls", c.tls, "How https endpoints are verified.");
    v.key("ask_usage", c.ask_usage, kBool,
          "Ask for the usage of OpenAI streams where the client did not, and remove the chunk that reports it.");
    v.key("priority", c.priority, kEnginePriority,
          "The engine whose format passes the class's priority on; `strip` passes none. A priority that the caller "
          "sets is removed.");
    v.key("headroom", c.headroom, kHeadroom,
          "How much worse classes leave free beside waiting prompts, 0 to 1: more keeps the first tokens of better "
          "classes as early as in calm, and serves less in all. `auto`: 0.3.");
    v.map("metrics", c.metrics, "The engine's metrics: where `context_tokens: read` reads, and its gauges.");
}

}  // namespace weir::policy
