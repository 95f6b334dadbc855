// The keys of a policy, and of the parts that it has one of.
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
    v.key("buffered_bytes", c.buffered_bytes, kSize, "Request bodies held before they are sent on.");
    v.key(
        "body_before_queue", c.body_before_queue, kSize,
        "Of a body that is not read for what it asks, so much is taken before the request takes a place in the queue.");
    v.key("drain_timeout", c.drain_timeout, kDuration, "How long running requests may take to finish after SIGTERM.");
    v.former("body_before_line", "body_before_queue");
}

void describe(Visitor& v, AdminConfig& c) {
    v.key("bind", c.bind, kBind, "Loopback or a unix socket; any other address needs a token.");
    v.list("names", c.names, kText,
           "Host names by which it may be asked, besides addresses and localhost; others are answered 421.");
    v.secret().key("token", c.token, kText,
                   "Asked for as a bearer token by /config and by whatever changes something.");
}

void describe(Visitor& v, AccessLogConfig& c) {
    v.key("to", c.to, kLogTarget, "stdout, stderr, off, or a file that is opened for appending.");
    v.group("sample", "The share of requests that get a line, by their outcome.", [&](Visitor& sample) {
        sample.key("served", c.sample_served, kPercent, "Of the served requests.");
        sample.key("refused", c.sample_refused, kPercent, "Of the requests refused for limits or overload.");
        sample.key("failed", c.sample_failed, kPercent,
                   "Of the rest: bad requests, failures of a backend, clients that left.");
        sample.key("degraded", c.sample_degraded, kPercent,
                   "Of the served requests whose answer was made cheaper by `degrade`.");
    });
    v.key("queue_lines", c.queue_lines, kPositive,
          "Lines that may wait for a slow disk or pipe; more are dropped and counted.");
}

void describe(Visitor& v, LoggingConfig& c) {
    v.map("access", c.access, "One JSON line a request.");
    v.key("level", c.level, kLevel, "Of the operational log on stderr.");
}

void describe(Visitor& v, ApiKey& c) {
    v.noun("api key");
    v.required().key("name", c.name, kName, "What `match.api_key` and the log call it.");
    v.key("plan", c.plan, kName, "What `match.plan` calls it and others like it.");
    v.required().secret().key("sha256", c.digest, kSha256, "Of the key; the key itself is never stored.");
}

void describe(Visitor& v, Certificate& c) {
    v.noun("certificate");
    v.required().key("name", c.name, kName, "What `match.certificate` and the log call it.");
    v.key("plan", c.plan, kName, "What `match.plan` calls it and others like it.");
    v.required().key("subject", c.subject, kText,
                     "Of the client's certificate, as RFC 2253 writes it: CN=robot,O=Example.");
    v.key("issuer", c.issuer, kText,
          "Likewise, of the authority that signed it: where several may, and only one is meant.");
}

// These keys fill the Policy, because the name of the file belongs to it.
void describe_clients(Visitor& v, Policy& c) {
    v.key("api_keys_file", c.api_keys_file, kFile, "A YAML file with a list `keys` like `api_keys` here.");
    v.maps("api_keys", c.clients.api_keys, "Keys that callers may show.");
    v.maps("certificates", c.clients.certificates,
           "Clients that prove who they are by a certificate; see `client_ca_file`.");
    v.list("trusted_proxies", c.clients.trusted_proxies, kNetwork, "Networks whose X-Forwarded-For is believed.");
}

void describe_keys_file(Visitor& v, Policy& c) {
    v.required().maps("keys", c.clients.api_keys, "Keys that callers may show.");
}

void describe(Visitor& v, Policy& c) {
    std::string version = "1";  // the only one
    v.required().key("version", version, kVersion, "The version of this format.");
    v.key("mode", c.mode, kMode, "`shadow` decides, counts and logs as usual, but lets every request through.");
    v.key("workers", c.workers, kCount, "Threads that serve connections; 0 is one a core.");
    v.map("limits", c.limits, "What the whole process may hold, over all listeners.");
    v.required().maps("listeners", c.listeners, "Where clients connect.");
    v.map("admin", c.admin, "The operator's door: /metrics, /healthz, /readyz, /config.");
    v.group("clients", "How Weir knows who is calling; nothing else can grant a class.",
            [&](Visitor& clients) { describe_clients(clients, c); });
    v.required().maps("backends", c.backends, "Pools of endpoints that serve the same thing.");
    v.required().maps("classes", c.classes,
                      "Who comes first: the first class that matches wins, and the last must match everything.");
    v.map("logging", c.logging, "What is written about requests and about Weir itself.");
    v.maps("tests", c.tests, "Run by `weir check` and at every load; a failure keeps the policy out.");
    v.maps("degrade", c.degrade, "Cheaper answers before refusals: all rules that hold are applied, in this order.");
}

}  // namespace weir::policy
