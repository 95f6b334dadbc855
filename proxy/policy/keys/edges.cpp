// The rows of the process, its listeners, the admin door and the logs.
#include "policy/forms/forms.hpp"
#include "policy/keys/keys.hpp"

namespace weir::policy {
namespace {

using admin::AdminConfig;
using downstream::ConnectionLimits;
using downstream::CorsConfig;
using downstream::ListenerConfig;
using downstream::ProcessLimits;
using downstream::ProxyProtocolConfig;
using net::CertificateFiles;
using net::ServerTlsConfig;
using telemetry::AccessLogConfig;
using telemetry::LoggingConfig;

constexpr std::array kProcessLimitsFields{
    scalar<kPositive, &ProcessLimits::connections>("connections", "16000",
                                                   "Client connections open at once, over all listeners."),
    scalar<kSize, &ProcessLimits::buffered_bytes>("buffered_bytes", "256MiB",
                                                  "Request bodies held before they are sent on."),
    scalar<kSize, &ProcessLimits::body_before_line>(
        "body_before_line", "1MiB",
        "Of a body that is not read for what it asks, so much is taken before the request takes a place in line."),
    scalar<kDuration, &ProcessLimits::drain_timeout>("drain_timeout", "30s",
                                                     "How long running requests may take to finish after SIGTERM."),
};

constexpr std::array kCertificateFilesFields{
    required(scalar<kFile, &CertificateFiles::cert_file>("cert_file", "", "PEM, the server's own certificate first.")),
    required(scalar<kFile, &CertificateFiles::key_file>("key_file", "", "PEM.")),
};
constexpr Shape kCertificateFilesShape = shape<CertificateFiles>("certificate", kCertificateFilesFields);

constexpr std::array kTlsFields{
    scalar<kFile, &ServerTlsConfig::cert_file>("cert_file", "",
                                               "PEM, the server's own certificate first. Where there is but one."),
    scalar<kFile, &ServerTlsConfig::key_file>("key_file", "", "PEM."),
    maps<&ServerTlsConfig::certificates>(
        "certificates", kCertificateFilesShape,
        "Instead of cert_file and key_file: several, by the name that a client asks for; the first for all others."),
    scalar<kFile, &ServerTlsConfig::client_ca_file>("client_ca_file", "",
                                                    "PEM; clients show certificates of these authorities."),
    scalar<kClientCertificate, &ServerTlsConfig::client_certificate>(
        "client_certificate", "required", "Whether a client without a certificate is turned away."),
};
constexpr Shape kTlsShape = shape<ServerTlsConfig>("", kTlsFields);

constexpr std::array kConnectionLimitsFields{
    scalar<kPositive, &ConnectionLimits::connections>(
        "connections", "16000", "Open at once on this listener; more are refused when they are accepted."),
    scalar<kPositive, &ConnectionLimits::connections_per_client>(
        "connections_per_client", "",
        "Open at once of one address (IPv6: its /64); more are refused. By default half of limits.connections, but as "
        "many "
        "as they like for trusted_proxies and addresses of this machine."),
    scalar<kSize, &ConnectionLimits::header_bytes>("header_bytes", "32KiB",
                                                   "Request line and headers together; more is answered 431."),
    scalar<kPositive, &ConnectionLimits::header_fields>("header_fields", "100",
                                                        "Headers in a request; more is answered 431."),
    scalar<kSize, &ConnectionLimits::body_bytes>("body_bytes", "8MiB", "A request's body; more is answered 413."),
    scalar<kDuration, &ConnectionLimits::header_timeout>(
        "header_timeout", "5s", "From the first byte to the end of the headers; also for the TLS handshake."),
    scalar<kDuration, &ConnectionLimits::body_timeout>("body_timeout", "30s",
                                                       "The longest pause between two pieces of a request's body."),
    scalar<kSize, &ConnectionLimits::body_rate>(
        "body_rate", "1KiB", "The least that a body must come at, in a second and on the average, after body_timeout."),
    scalar<kDuration, &ConnectionLimits::idle_timeout>("idle_timeout", "75s",
                                                       "How long a connection is kept without a request."),
    scalar<kDuration, &ConnectionLimits::write_timeout>(
        "write_timeout", "30s", "The longest time in which a client may read nothing at all of its answer."),
};
constexpr Shape kConnectionLimitsShape = shape<ConnectionLimits>("", kConnectionLimitsFields);

constexpr std::array kProxyProtocolFields{
    required(scalars<kNetwork, &ProxyProtocolConfig::from>(
        "from", "Networks of balancers; whoever connects from there must send the header, nobody else may.")),
};
constexpr Shape kProxyProtocolShape = shape<ProxyProtocolConfig>("", kProxyProtocolFields);

constexpr std::array kCorsFields{
    required(scalars<kOrigin, &CorsConfig::origins>(
        "origins", "Of pages that may read what is answered here, such as https://chat.example; `*` is any.")),
    scalar<kDuration, &CorsConfig::max_age>("max_age", "10m", "How long a browser need not ask again."),
};
constexpr Shape kCorsShape = shape<CorsConfig>("", kCorsFields);

constexpr std::array kListenerFields{
    required(scalar<kName, &ListenerConfig::name>("name", "", "What `match.listener`, the log and metrics call it.")),
    required(scalar<kBind, &ListenerConfig::bind>(
        "bind", "", "ADDRESS:PORT, [V6]:PORT or unix:/path; with port 0 the kernel picks one.")),
    map<&ListenerConfig::tls>("tls", kTlsShape, "The certificate shown to clients; without it the listener is plain."),
    map<&ListenerConfig::proxy_protocol>("proxy_protocol", kProxyProtocolShape,
                                         "Balancers that say whom they carry, by the PROXY protocol (v1 or v2)."),
    map<&ListenerConfig::cors>("cors", kCorsShape,
                               "Pages in browsers: their preflights are answered here, and they can read refusals."),
    scalar<kPathForm, &ListenerConfig::paths>(
        "paths", "strict",
        "A path counts, and is passed on, in its one normal form; one that servers take in different ways is refused. "
        "`raw`: as it is written."),
    scalar<kBool, &ListenerConfig::trace>(
        "trace", "false",
        "Pass TRACE on; otherwise it is answered 405, as its answer repeats whatever credentials came."),
    map<&ListenerConfig::limits>("limits", kConnectionLimitsShape, "What one client may cost before it is served."),
};

constexpr std::array kAdminFields{
    scalar<kBind, &AdminConfig::bind>("bind", "127.0.0.1:9901",
                                      "Loopback or a unix socket; any other address needs a token."),
    scalars<kText, &AdminConfig::names>(
        "names", "Host names by which it may be asked, besides addresses and localhost; others are answered 421."),
    secret(scalar<kText, &AdminConfig::token>(
        "token", "", "Asked for as a bearer token by /config and by whatever changes something.")),
};

constexpr std::array kSampleFields{
    scalar<kPercent, &AccessLogConfig::sample_served>("served", "100%", "Of the served requests."),
    scalar<kPercent, &AccessLogConfig::sample_refused>("refused", "100%",
                                                       "Of the requests refused for contract or overload."),
    scalar<kPercent, &AccessLogConfig::sample_failed>(
        "failed", "100%", "Of the rest: bad requests, failures of a backend, clients that left."),
    scalar<kPercent, &AccessLogConfig::sample_degraded>(
        "degraded", "100%", "Of the served requests whose answer was made cheaper by `degrade`."),
};
constexpr Shape kSampleShape = shape<AccessLogConfig>("", kSampleFields);

constexpr std::array kAccessFields{
    scalar<kLogTarget, &AccessLogConfig::to>("to", "stdout",
                                             "stdout, stderr, off, or a file that is opened for appending."),
    map<>("sample", kSampleShape, "The share of requests that get a line, by their outcome."),
    scalar<kPositive, &AccessLogConfig::queue_lines>(
        "queue_lines", "8192", "Lines that may wait for a slow disk or pipe; more are dropped and counted."),
};
constexpr Shape kAccessShape = shape<AccessLogConfig>("", kAccessFields);

constexpr std::array kLoggingFields{
    map<&LoggingConfig::access>("access", kAccessShape, "One JSON line a request."),
    scalar<kLevel, &LoggingConfig::level>("level", "info", "Of the operational log on stderr."),
};

}  // namespace

constinit const Shape kProcessLimitsShape = shape<ProcessLimits>("", kProcessLimitsFields);
constinit const Shape kListenerShape = shape<ListenerConfig>("listener", kListenerFields);
constinit const Shape kAdminShape = shape<AdminConfig>("", kAdminFields);
constinit const Shape kLoggingShape = shape<LoggingConfig>("", kLoggingFields);

}  // namespace weir::policy
