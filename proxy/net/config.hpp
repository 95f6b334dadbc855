#pragma once
// The configuration of the byte layer: where to listen, and TLS settings for either side.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace weir::net {

struct CertificateFiles {
    std::string cert_file;  // PEM, leaf first
    std::string key_file;   // PEM

    friend bool operator==(const CertificateFiles&, const CertificateFiles&) = default;
};

// Whether a client must present a certificate, where the listener has authorities for them.
enum class ClientCertificate : std::uint8_t { required, optional };

// The certificates that Weir presents to clients, by the name they request (SNI). TLS 1.2 or newer, of 1.2 what RFC
// 9325 still recommends; ALPN http/1.1, session tickets on.
struct ServerTlsConfig {
    std::string cert_file;  // of the only certificate: short for a list of one; empty where there is a list
    std::string key_file;
    std::optional<std::string> client_ca_file{};  // PEM; clients present certificates of these authorities
    ClientCertificate client_certificate = ClientCertificate::required;
    std::vector<CertificateFiles> certificates{};  // the first is the default

    [[nodiscard]] std::vector<CertificateFiles> all() const {
        return cert_file.empty() ? certificates : std::vector<CertificateFiles>{{cert_file, key_file}};
    }

    friend bool operator==(const ServerTlsConfig&, const ServerTlsConfig&) = default;
};

// How Weir verifies a backend that it reaches over https.
struct ClientTlsConfig {
    bool verify = true;
    std::optional<std::string> ca_file;      // PEM; default: the system's authorities
    std::optional<std::string> server_name;  // SNI and the name to verify; default: the endpoint's host

    friend bool operator==(const ClientTlsConfig&, const ClientTlsConfig&) = default;
};

// `HOST:PORT`, `[V6]:PORT` or `unix:/path`, already split.
struct BindAddress {
    std::string host;        // a literal address; empty for unix
    std::uint16_t port = 0;  // 0: the kernel picks one, and the ready line names it
    std::string unix_path;   // empty for TCP

    friend bool operator==(const BindAddress&, const BindAddress&) = default;
};

}  // namespace weir::net
