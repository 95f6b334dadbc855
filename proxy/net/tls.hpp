#pragma once
// TLS on both sides, with OpenSSL on the descriptor itself: no memory BIOs, no copies, buffers released when idle.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "net/byte_stream.hpp"
#include "net/config.hpp"

namespace weir::net {

// When a certificate file's chain first expires.
struct CertificateEnd {
    std::string file;
    std::int64_t at = 0;  // since the Unix epoch, in seconds
};

// Certificates and session state; immutable, shared by all threads and by the streams made from it.
class TlsContext {
public:
    // For clients: TLS 1.2 or newer, ALPN http/1.1, resumption by tickets. An Error names the file and the fault.
    [[nodiscard]] static Result<std::shared_ptr<TlsContext>> server(const ServerTlsConfig& config);
    // For backends: verifies by default, against the system's authorities or `ca_file`.
    [[nodiscard]] static Result<std::shared_ptr<TlsContext>> client(const ClientTlsConfig& config);

    virtual ~TlsContext() = default;

    // The ends of a server's own certificates.
    [[nodiscard]] virtual std::vector<CertificateEnd> ends() const { return {}; }

    // A stream over a connected socket. `host` is a backend's name: sent as SNI and checked against its certificate
    // (RFC 9525); empty for a server's stream. Null when out of memory.
    [[nodiscard]] virtual std::unique_ptr<ByteStream> wrap(EventLoop& loop, int fd, const std::string& host) = 0;
};

}  // namespace weir::net
