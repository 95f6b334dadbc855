// The keys of a policy, and of those parts of which it has exactly one.
#include "policy/forms/forms.hpp"
#include "policy/keys/keys.hpp"

namespace weir::policy {

using admin::AdminConfig;
using admission::ApiKey;
using admission::Certificate;
using downstream::ProcessLimits;
using telemetry::AccessLogConfig;
using telemetry::LoggingConfig;

void describe(Visitor& v, ProcessLimits& c) {
    v.key("connections", c.connections, kPositive, "Client connections open at once, over all listeners.");
    v.key("buffered_bytes", c.buffered_bytes, kSize, "Request bodies held in memory before they are sent on.");
    v.key("body_before_queue", c.body_before_queue, kSize,
          "How much of a body that is not parsed is read before its request is queued.");
    v.key("drain_timeout", c.drain_timeout, kDuration, "How long running requests may take to finish after SIGTERM.");
    v.former("body_before_line", "body_before_queue");
}

void describe(Visitor& v, AdminConfig& c) {
    v.key("bind", c.bind, kBind, "Loopback or a unix socket; any other address needs a token.");
    v.list("names", c.names, kText, "Host names it accepts besides addresses and localhost; others are answered 421.");
    v.secret().key("token", c.token, kText,
                   "The bearer token that /config and all requests that change something require.");
}

void describe(Visitor& v, AccessLogConfig& c) {
    v.key("to", c.to, kLogTarget, "stdout, stderr, off, or a file that is opened for appending.");
    v.group("sample", "The share of requests that are logged, by outcome.", [&](Visitor& sample) {
        sample.key("served", c.sample_served, kPercent, "Served requests.");
        sample.key("refused", c.sample_refused, kPercent, "Requests refused for a limit or for overload.");
        sample.key("failed", c.sample_failed, kPercent,
                   "All others: bad requests, backend failures, clients that left.");
        sample.key("degraded", c.sample_degraded, kPercent,
                   "Served requests whose answer was made cheaper by `degrade`.");
    });
    v.key("queue_lines", c.queue_lines, kPositive,
          "Lines that may be queued for a slow disk or pipe; more are dropped and counted.");
}

void describe(Visitor& v, LoggingConfig& c) {
    v.map("access", c.access, "One JSON line per request.");
    v.key("level", c.level, kLevel, "The level of the operational log on stderr.");
}

void describe(Visitor& v, ApiKey& c) {
    v.noun("api key");
    v.required().key("name", c.name, kName, "The name used in `match.api_key` and the log.");
    v.key("plan", c.plan, kName, "The plan used in `match.plan`; several keys and certificates may share one.");
    v.required().secret().key("sha256", c.digest, kSha256, "The key's digest; the key itself is never stored.");
}

void describe(Visitor& v, Certificate& c) {
    v.noun("certificate");
    v.required().key("name", c.name, kName, "The name used in `match.certificate` and the log.");
    v.key("plan", c.plan, kName, "The plan used in `match.plan`; several keys and certificates may share one.");
    v.required().key("subject", c.subject, kText,
                     "The subject of the client's certificate, in RFC 2253 form: CN=robot,O=Example.");
    v.key("issuer", c.issuer, kText,
          "The subject of the authority that signed it, in the same form; only needed to accept one of several.");
}

// These keys fill the Policy, because the name of the file belongs to it.
void describe_clients(Visitor& v, Policy& c) {
    v.key("api_keys_file", c.api_keys_file, kFile, "A YAML file with a list `keys` in the form of `api_keys`.");
    v.maps("api_keys", c.clients.api_keys, "Keys that callers may present.");
    v.maps("certificates", c.clients.certificates,
           "Clients that are identified by a certificate; see `client_ca_file`.");
    v.list("trusted_proxies", c.clients.trusted_proxies, kNetwork, "Networks whose X-Forwarded-For is believed.");
}

void describe_keys_file(Visitor& v, Policy& c) {
    v.required().maps("keys", c.clients.api_keys, "Keys that callers may present.");
}

void describe(Visitor& v, Policy& c) {
    std::string version = "1";  // the only version
    v.required().key("version", version, kVersion, "The version of this format.");
    v.key("mode", c.mode, kMode, "`shadow` decides, counts and logs as usual, but lets every request through.");
    v.key("workers", c.workers, kCount, "Threads that serve connections; 0 means one per core.");
    v.map("limits", c.limits, "Limits of the whole process, over all listeners.");
    v.required().maps("listeners", c.listeners, "Where clients connect.");
    v.map("admin", c.admin, "The operator's listener: /metrics, /healthz, /readyz, /config.");
    v.group("clients", "How callers are identified: only keys, certificates and networks can grant a class.",
            [&](Visitor& clients) { describe_clients(clients, c); });
    v.required().maps("backends", c.backends, "Pools of interchangeable endpoints.");
    v.required().maps(
        "classes", c.classes,
        "How requests are classified: the first class that matches wins, and the last must match everything.");
    v.map("logging", c.logging, "The access log and the operational log.");
    v.maps("tests", c.tests, "Run by `weir check` and at every load; if one fails, the policy is rejected.");
    v.maps("degrade", c.degrade,
           "Cheaper answers before refusals: all rules whose conditions hold are applied, in this order.");
}

}  // namespace weir::policy
