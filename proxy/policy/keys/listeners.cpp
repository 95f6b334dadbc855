// The keys of a listener.
#include "policy/forms/forms.hpp"
#include "policy/keys/keys.hpp"

namespace weir::policy {

using downstream::ConnectionLimits;
using downstream::CorsConfig;
using downstream::ListenerConfig;
using downstream::ProxyProtocolConfig;
using net::CertificateFiles;
using net::ServerTlsConfig;

void describe(Visitor& v, CertificateFiles& c) {
    v.noun("certificate");
    v.required().key("cert_file", c.cert_file, kFile, "PEM, the server's own certificate first.");
    v.required().key("key_file", c.key_file, kFile, "PEM.");
}

void describe(Visitor& v, ServerTlsConfig& c) {
    v.key("cert_file", c.cert_file, kFile, "PEM, the server's own certificate first. For a single certificate.");
    v.key("key_file", c.key_file, kFile, "PEM.");
    v.maps("certificates", c.certificates,
           "Instead of cert_file and key_file: several certificates, chosen by the name the client asks for; the first "
           "is the default.");
    v.key("client_ca_file", c.client_ca_file, kFile, "PEM; clients present certificates of these authorities.");
    v.key("client_certificate", c.client_certificate, kClientCertificate,
          "Whether a client without a certificate is rejected.");
}

void describe(Visitor& v, ConnectionLimits& c) {
    v.key("connections", c.connections, kPositive,
          "Connections open at once on this listener; more are refused as soon as they are accepted.");
    v.key("connections_per_client", c.connections_per_client, kPositive,
          "Connections open at once from one address (IPv6: its /64); more are refused. By default half of "
          "limits.connections, and unlimited for trusted_proxies and addresses of this machine.");
    v.key("header_bytes", c.header_bytes, kSize, "Request line and headers together; more is answered 431.");
    v.key("header_fields", c.header_fields, kPositive, "Header fields in a request; more are answered 431.");
    v.key("body_bytes", c.body_bytes, kSize, "The size of a request's body; more is answered 413.");
    v.key("header_timeout", c.header_timeout, kDuration,
          "From the first byte to the end of the headers; also for the TLS handshake.");
    v.key("body_timeout", c.body_timeout, kDuration, "The longest pause between two pieces of a request's body.");
    v.key("body_rate", c.body_rate, kSize,
          "The lowest average rate of a body, in bytes per second, once body_timeout has passed.");
    v.key("idle_timeout", c.idle_timeout, kDuration, "How long a connection without a request is kept open.");
    v.key("write_timeout", c.write_timeout, kDuration,
          "The longest time in which a client may read nothing of its answer.");
}

void describe(Visitor& v, ProxyProtocolConfig& c) {
    v.required().list("from", c.from, kNetwork,
                      "Networks of load balancers; connections from there must send the header, others must not.");
}

void describe(Visitor& v, CorsConfig& c) {
    v.required().list("origins", c.origins, kOrigin,
                      "Origins of the pages that may read answers, such as https://chat.example; `*` means any.");
    v.key("max_age", c.max_age, kDuration, "How long a browser may cache the answer to a preflight.");
}

void describe(Visitor& v, ListenerConfig& c) {
    v.noun("listener");
    v.required().key("name", c.name, kName, "The name used in `match.listener`, the log and the metrics.");
    v.required().key("bind", c.bind, kBind, "ADDRESS:PORT, [V6]:PORT or unix:/path; with port 0 the kernel picks one.");
    v.map("tls", c.tls, "The certificate presented to clients; without it the listener speaks plain HTTP.");
    v.map("proxy_protocol", c.proxy_protocol,
          "Load balancers that pass on client addresses by the PROXY protocol (v1 or v2).");
    v.map("cors", c.cors, "For web pages: Weir answers their preflights itself, and they can read refusals.");
    v.key("paths", c.paths, kPathForm,
          "`strict`: a path is matched and passed on in its normal form; one that servers interpret differently is "
          "refused. `raw`: as it is written.");
    v.key("trace", c.trace, kBool,
          "Pass TRACE on; otherwise it is answered 405, because its answer would echo the request's credentials.");
    v.map("limits", c.limits, "What a client may use before it is served.");
}

}  // namespace weir::policy
