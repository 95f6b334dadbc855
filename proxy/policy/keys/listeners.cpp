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
    v.key("cert_file", c.cert_file, kFile, "PEM, the server's own certificate first. Where there is but one.");
    v.key("key_file", c.key_file, kFile, "PEM.");
    v.maps("certificates", c.certificates,
           "Instead of cert_file and key_file: several, by the name that a client asks for; the first for all others.");
    v.key("client_ca_file", c.client_ca_file, kFile, "PEM; clients show certificates of these authorities.");
    v.key("client_certificate", c.client_certificate, kClientCertificate,
          "Whether a client without a certificate is turned away.");
}

void describe(Visitor& v, ConnectionLimits& c) {
    v.key("connections", c.connections, kPositive,
          "Open at once on this listener; more are refused when they are accepted.");
    v.key("connections_per_client", c.connections_per_client, kPositive,
          "Open at once of one address (IPv6: its /64); more are refused. By default half of limits.connections, but "
          "as many as they like for trusted_proxies and addresses of this machine.");
    v.key("header_bytes", c.header_bytes, kSize, "Request line and headers together; more is answered 431.");
    v.key("header_fields", c.header_fields, kPositive, "Headers in a request; more is answered 431.");
    v.key("body_bytes", c.body_bytes, kSize, "A request's body; more is answered 413.");
    v.key("header_timeout", c.header_timeout, kDuration,
          "From the first byte to the end of the headers; also for the TLS handshake.");
    v.key("body_timeout", c.body_timeout, kDuration, "The longest pause between two pieces of a request's body.");
    v.key("body_rate", c.body_rate, kSize,
          "The least that a body must come at, in a second and on the average, after body_timeout.");
    v.key("idle_timeout", c.idle_timeout, kDuration, "How long a connection is kept without a request.");
    v.key("write_timeout", c.write_timeout, kDuration,
          "The longest time in which a client may read nothing at all of its answer.");
}

void describe(Visitor& v, ProxyProtocolConfig& c) {
    v.required().list("from", c.from, kNetwork,
                      "Networks of balancers; whoever connects from there must send the header, nobody else may.");
}

void describe(Visitor& v, CorsConfig& c) {
    v.required().list("origins", c.origins, kOrigin,
                      "Of pages that may read what is answered here, such as https://chat.example; `*` is any.");
    v.key("max_age", c.max_age, kDuration, "How long a browser need not ask again.");
}

void describe(Visitor& v, ListenerConfig& c) {
    v.noun("listener");
    v.required().key("name", c.name, kName, "What `match.listener`, the log and metrics call it.");
    v.required().key("bind", c.bind, kBind, "ADDRESS:PORT, [V6]:PORT or unix:/path; with port 0 the kernel picks one.");
    v.map("tls", c.tls, "The certificate shown to clients; without it the listener is plain.");
    v.map("proxy_protocol", c.proxy_protocol, "Balancers that say whom they carry, by the PROXY protocol (v1 or v2).");
    v.map("cors", c.cors, "Pages in browsers: their preflights are answered here, and they can read refusals.");
    v.key("paths", c.paths, kPathForm,
          "A path counts, and is passed on, in its one normal form; one that servers take in different ways is "
          "refused. `raw`: as it is written.");
    v.key("trace", c.trace, kBool,
          "Pass TRACE on; otherwise it is answered 405, as its answer repeats whatever credentials came.");
    v.map("limits", c.limits, "What one client may cost before it is served.");
}

}  // namespace weir::policy
