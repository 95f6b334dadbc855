#pragma once
// The client side of TLS, for measuring a proxy that terminates it: TLS 1.3 with one cipher suite and one group, so
// that every proxy is asked for the same work, and full handshakes only, because no session is ever resumed.

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

struct ssl_st;
struct ssl_ctx_st;

namespace weir::bench {

class TlsClient;

// TLS on one connection, whose descriptor remains its owner's. Not thread-safe.
class TlsSession {
public:
    enum class Handshake { done, wants_read, wants_write, failed };

    // Call it until it is done or has failed, each time when the descriptor is ready for what it wants.
    [[nodiscard]] Handshake shake();

    // As recv(2) and send(2) on a non-blocking socket: -1 with errno EAGAIN where it must wait.
    [[nodiscard]] ssize_t read(std::span<char> into);
    [[nodiscard]] ssize_t write(std::string_view bytes);

private:
    friend class TlsClient;
    struct Free {
        void operator()(ssl_st* ssl) const;
    };

    TlsSession(TlsClient& client, int fd);
    ssize_t outcome(int done, std::size_t bytes);

    TlsClient& client_;
    std::unique_ptr<ssl_st, Free> ssl_;
};

// What all connections of a run share, and what their handshakes came to. Not thread-safe.
class TlsClient {
public:
    // Trusts the certificates in a PEM file. Throws std::runtime_error when it cannot be used.
    explicit TlsClient(const std::string& trusted_file);
    TlsClient(const TlsClient&) = delete;
    TlsClient& operator=(const TlsClient&) = delete;

    [[nodiscard]] std::unique_ptr<TlsSession> open(int fd);

    // JSON: version, cipher suite and group of the first handshake, the number of all, and of the tickets received.
    [[nodiscard]] std::string report() const;
    // OpenSSL's reason for the last failure.
    [[nodiscard]] const std::string& why() const { return why_; }

private:
    friend class TlsSession;
    struct Free {
        void operator()(ssl_ctx_st* context) const;
    };

    std::unique_ptr<ssl_ctx_st, Free> context_;
    std::string negotiated_;
    std::uint64_t handshakes_ = 0;
    std::uint64_t tickets_ = 0;
    std::string why_;
};

}  // namespace weir::bench
