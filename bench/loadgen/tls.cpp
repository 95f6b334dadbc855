#include "tls.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <stdexcept>

namespace weir::bench {
namespace {

constexpr const char* kCipherSuite = "TLS_AES_128_GCM_SHA256";
constexpr const char* kGroup = "X25519";

std::string last_error() {
    const unsigned long code = ERR_peek_last_error();
    const char* reason = ERR_reason_error_string(code);
    ERR_clear_error();
    return reason != nullptr ? reason : "connection lost";
}

std::string negotiated(SSL* ssl) {
    const auto group = static_cast<int>(SSL_ctrl(ssl, SSL_CTRL_GET_NEGOTIATED_GROUP, 0, nullptr));
    const char* name = SSL_group_to_name(ssl, group);
    return std::string(R"("version":")") + SSL_get_version(ssl) + R"(","cipher":")" + SSL_get_cipher_name(ssl) +
           R"(","group":")" + (name != nullptr ? name : "unknown") + '"';
}

}  // namespace

void TlsSession::Free::operator()(ssl_st* ssl) const { SSL_free(ssl); }
void TlsClient::Free::operator()(ssl_ctx_st* context) const { SSL_CTX_free(context); }

TlsSession::TlsSession(TlsClient& client, int fd) : client_(client), ssl_(SSL_new(client.context_.get())) {
    if (!ssl_ || SSL_set_fd(ssl_.get(), fd) != 1) throw std::runtime_error("cannot set up TLS: " + last_error());
    SSL_set_connect_state(ssl_.get());
}

TlsSession::Handshake TlsSession::shake() {
    const int done = SSL_do_handshake(ssl_.get());
    if (done == 1) {
        if (client_.handshakes_++ == 0) client_.negotiated_ = negotiated(ssl_.get());
        return Handshake::done;
    }
    switch (SSL_get_error(ssl_.get(), done)) {
        case SSL_ERROR_WANT_READ: return Handshake::wants_read;
        case SSL_ERROR_WANT_WRITE: return Handshake::wants_write;
        default: client_.why_ = last_error(); return Handshake::failed;
    }
}

ssize_t TlsSession::read(std::span<char> into) {
    std::size_t got = 0;
    const int done = SSL_read_ex(ssl_.get(), into.data(), into.size(), &got);
    return outcome(done, got);
}

ssize_t TlsSession::write(std::string_view bytes) {
    std::size_t sent = 0;
    const int done = SSL_write_ex(ssl_.get(), bytes.data(), bytes.size(), &sent);
    return outcome(done, sent);
}

ssize_t TlsSession::outcome(int done, std::size_t bytes) {
    if (done == 1) return static_cast<ssize_t>(bytes);
    switch (SSL_get_error(ssl_.get(), done)) {
        case SSL_ERROR_ZERO_RETURN: return 0;
        case SSL_ERROR_WANT_READ:
        case SSL_ERROR_WANT_WRITE: errno = EAGAIN; return -1;
        default:
            client_.why_ = last_error();
            errno = ECONNRESET;
            return -1;
    }
}

TlsClient::TlsClient(const std::string& trusted_file) : context_(SSL_CTX_new(TLS_client_method())) {
    SSL_CTX* context = context_.get();
    if (context == nullptr || SSL_CTX_load_verify_locations(context, trusted_file.c_str(), nullptr) != 1)
        throw std::runtime_error("cannot use the certificates in " + trusted_file + ": " + last_error());
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
    SSL_CTX_ctrl(context, SSL_CTRL_SET_MIN_PROTO_VERSION, TLS1_3_VERSION, nullptr);
    SSL_CTX_set_ciphersuites(context, kCipherSuite);
    SSL_CTX_ctrl(context, SSL_CTRL_SET_GROUPS_LIST, 0, const_cast<char*>(kGroup));
    SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_options(context, SSL_OP_IGNORE_UNEXPECTED_EOF);
    static constexpr std::array<unsigned char, 9> kHttp11{8, 'h', 't', 't', 'p', '/', '1', '.', '1'};
    SSL_CTX_set_alpn_protos(context, kHttp11.data(), kHttp11.size());
    // Tickets are counted and dropped.
    SSL_CTX_ctrl(context, SSL_CTRL_SET_SESS_CACHE_MODE, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL, nullptr);
    SSL_CTX_set_ex_data(context, 0, this);
    SSL_CTX_sess_set_new_cb(context, [](SSL* ssl, SSL_SESSION*) {
        ++static_cast<TlsClient*>(SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), 0))->tickets_;
        return 0;
    });
    // OpenSSL writes without MSG_NOSIGNAL.
    std::signal(SIGPIPE, SIG_IGN);
}

std::unique_ptr<TlsSession> TlsClient::open(int fd) { return std::unique_ptr<TlsSession>(new TlsSession(*this, fd)); }

std::string TlsClient::report() const {
    return "{" + negotiated_ + (negotiated_.empty() ? "" : ",") + R"("handshakes":)" + std::to_string(handshakes_) +
           R"(,"tickets":)" + std::to_string(tickets_) + "}";
}

}  // namespace weir::bench
