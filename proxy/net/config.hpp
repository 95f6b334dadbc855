#pragma once
// What the byte layer can be told: where to listen, and how to speak TLS to either side.

#include <cstdint>
#include <optional>
#include <string>

namespace weir::net {

// The certificate Weir shows its clients. TLS 1.2 or newer, ALPN http/1.1, session tickets on.
struct ServerTlsConfig {
    std::string cert_file;                        // PEM, leaf first
    std::string key_file;                         // PEM
    std::optional<std::string> client_ca_file{};  // PEM; clients must show a certificate of these authorities

    friend bool operator==(const ServerTlsConfig&, const ServerTlsConfig&) = default;
};

// How Weir checks a backend that it reaches over https.
struct ClientTlsConfig {
    bool verify = true;
    std::optional<std::string> ca_file;      // PEM; default: the system's authorities
    std::optional<std::string> server_name;  // SNI and the name to verify; default: the endpoint's host

    friend bool operator==(const ClientTlsConfig&, const ClientTlsConfig&) = default;
};

// `HOST:PORT`, `[V6]:PORT` or `unix:/path`, already split.
struct BindAddress {
    std::string host;        // a literal address; empty for unix
    std::uint16_t port = 0;  // 0: the kernel picks one, and the ready line says which
    std::string unix_path;   // empty for TCP

    friend bool operator==(const BindAddress&, const BindAddress&) = default;
};

}  // namespace weir::net
