#include "net/tls.hpp"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/ui.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <ctime>

#include "base/ip.hpp"
#include "base/plain_file.hpp"

namespace weir::net {
namespace {

// The capacity of one record; more in one SSL_write would only be split again.
constexpr std::size_t kRecordBytes = 16 * 1024;
constexpr std::size_t kMaxSubject = 1024;

struct SslFree {
    void operator()(SSL* ssl) const { SSL_free(ssl); }
    void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};
using SslPtr = std::unique_ptr<SSL, SslFree>;
using ContextPtr = std::unique_ptr<SSL_CTX, SslFree>;

// OpenSSL's last error as text.
std::string last_error() {
    const unsigned long code = ERR_peek_last_error();
    const char* reason = ERR_reason_error_string(code);
    ERR_clear_error();
    return reason != nullptr ? reason : "unknown error";
}

struct TextFree {
    void operator()(BIO* text) const { BIO_free(text); }
};

// The peer's certificate; null unless it presented one that the context's authorities signed.
const X509* verified_certificate(const SSL& ssl) {
    const X509* certificate = SSL_get0_peer_certificate(&ssl);
    return certificate != nullptr && SSL_get_verify_result(&ssl) == X509_V_OK ? certificate : nullptr;
}

std::string text_of(const X509_NAME* name) {
    const std::unique_ptr<BIO, TextFree> text(BIO_new(BIO_s_mem()));
    // Control characters and non-ASCII characters come escaped.
    if (!text || X509_NAME_print_ex(text.get(), name, 0, XN_FLAG_RFC2253) < 0) return {};
    std::array<char, kMaxSubject> bytes;
    const int size = BIO_read(text.get(), bytes.data(), static_cast<int>(bytes.size()));
    // A name that fills the buffer may have been truncated, and could then pass for another's.
    return size <= 0 || size == static_cast<int>(bytes.size())
               ? std::string{}
               : std::string(bytes.data(), static_cast<std::size_t>(size));
}

class TlsStream final : public ByteStream {
public:
    // `kept` is what the handshake refers to, even if the context is destroyed meanwhile.
    TlsStream(EventLoop& loop, int fd, SslPtr ssl, std::shared_ptr<const void> kept)
        : source_(loop, fd), kept_(std::move(kept)), ssl_(std::move(ssl)) {
        source_.ready.readable = true;
        source_.ready.writable = true;
    }

    IoStatus try_handshake() override {
        if (source_.fd() < 0) return IoStatus::failed;
        const int done = SSL_do_handshake(ssl_.get());
        return done == 1 ? IoStatus::ok : interpret(done);
    }

    IoResult try_read(std::span<char> into) override {
        if (source_.fd() < 0) return {IoStatus::failed, 0};
        // The descriptor does not announce what OpenSSL has already decrypted.
        if (!source_.ready.readable && SSL_pending(ssl_.get()) == 0) return {IoStatus::would_block, 0};
        std::size_t got = 0;
        const int done = SSL_read_ex(ssl_.get(), into.data(), into.size(), &got);
        if (done == 1) return {IoStatus::ok, got};
        return {interpret(done), 0};
    }

    IoResult try_write(std::span<const iovec> parts) override {
        if (source_.fd() < 0) return {IoStatus::failed, 0};
        if (!source_.ready.writable) return {IoStatus::would_block, 0};
        std::size_t total = 0;
        // Small parts (a head, a chunk's frame) share a record with what follows; a large one is written directly.
        std::array<char, kRecordBytes> record;
        for (std::size_t i = 0; i < parts.size();) {
            const char* data = static_cast<const char*>(parts[i].iov_base);
            std::size_t size = parts[i].iov_len;
            std::size_t next = i + 1;
            if (size < kRecordBytes && next < parts.size()) {
                size = 0;
                for (next = i; next < parts.size() && size + parts[next].iov_len <= record.size(); ++next) {
                    std::memcpy(record.data() + size, parts[next].iov_base, parts[next].iov_len);
                    size += parts[next].iov_len;
                }
                data = record.data();
            }
            std::size_t written = 0;
            while (written < size) {
                std::size_t sent = 0;
                const int done =
                    SSL_write_ex(ssl_.get(), data + written, std::min(size - written, kRecordBytes), &sent);
                if (done != 1) {
                    const IoStatus status = interpret(done);
                    if (status != IoStatus::would_block) return {IoStatus::failed, total};
                    return {total == 0 ? IoStatus::would_block : IoStatus::ok, total};
                }
                written += sent;
                total += sent;
            }
            i = next;
        }
        return {IoStatus::ok, total};
    }

    void shutdown_write() override {
        if (source_.fd() < 0) return;
        SSL_shutdown(ssl_.get());  // close_notify, tried once: a peer that does not accept it gets only the FIN
        ERR_clear_error();
        ::shutdown(source_.fd(), SHUT_WR);
    }

    [[nodiscard]] Source& source() override { return source_; }
    [[nodiscard]] bool secure() const override { return true; }
    [[nodiscard]] std::string peer_subject() const override {
        const X509* certificate = verified_certificate(*ssl_);
        return certificate == nullptr ? std::string{} : text_of(X509_get_subject_name(certificate));
    }
    [[nodiscard]] std::string peer_issuer() const override {
        const X509* certificate = verified_certificate(*ssl_);
        return certificate == nullptr ? std::string{} : text_of(X509_get_issuer_name(certificate));
    }
    [[nodiscard]] std::string peer_fault() const override {
        const long verdict = SSL_get_verify_result(ssl_.get());
        return verdict == X509_V_OK ? std::string{} : X509_verify_cert_error_string(verdict);
    }

private:
    IoStatus interpret(int done) {
        switch (SSL_get_error(ssl_.get(), done)) {
            case SSL_ERROR_WANT_READ: source_.ready.readable = false; return IoStatus::would_block;
            case SSL_ERROR_WANT_WRITE: source_.ready.writable = false; return IoStatus::would_block;
            case SSL_ERROR_ZERO_RETURN: return IoStatus::eof;
            default: ERR_clear_error(); return IoStatus::failed;
        }
    }

    Source source_;
    std::shared_ptr<const void> kept_;
    SslPtr ssl_;
};

int select_alpn(SSL*, const unsigned char** out, unsigned char* out_size, const unsigned char* offered,
                unsigned int offered_size, void*) {
    static constexpr std::array<unsigned char, 9> kHttp11{8, 'h', 't', 't', 'p', '/', '1', '.', '1'};
    unsigned char* chosen = nullptr;
    const int found = SSL_select_next_proto(&chosen, out_size, kHttp11.data(), kHttp11.size(), offered, offered_size);
    *out = chosen;
    return found == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

// A server's contexts, one per certificate. They live as long as their streams, which hold a reference.
struct Shown {
    std::vector<ContextPtr> contexts;
    std::vector<CertificateEnd> ends;
};

// RFC 6066 section 3: the certificate for the name that the client requests, else the first.
int select_certificate(SSL* ssl, int*, void* shown) {
    const char* name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
    if (name == nullptr) return SSL_TLSEXT_ERR_OK;
    for (const ContextPtr& context : static_cast<const Shown*>(shown)->contexts) {
        X509* certificate = SSL_CTX_get0_certificate(context.get());
        if (X509_check_host(certificate, name, 0, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS, nullptr) != 1) continue;
        SSL_set_SSL_CTX(ssl, context.get());
        break;
    }
    return SSL_TLSEXT_ERR_OK;
}

class Context final : public TlsContext {
public:
    // For backends.
    Context(ContextPtr context, ClientTlsConfig config) : context_(std::move(context)), config_(std::move(config)) {}
    // For clients.
    explicit Context(Shown shown) : shown_(std::make_shared<Shown>(std::move(shown))), is_server_(true) {
        SSL_CTX* first = shown_->contexts.front().get();
        SSL_CTX_up_ref(first);
        context_.reset(first);
        SSL_CTX_callback_ctrl(first, SSL_CTRL_SET_TLSEXT_SERVERNAME_CB,
                              reinterpret_cast<void (*)()>(select_certificate));
        SSL_CTX_ctrl(first, SSL_CTRL_SET_TLSEXT_SERVERNAME_ARG, 0, shown_.get());
    }
    Context(const Context&) = delete;
    Context& operator=(const Context&) = delete;

    [[nodiscard]] std::vector<CertificateEnd> ends() const override {
        return shown_ ? shown_->ends : std::vector<CertificateEnd>{};
    }

    std::unique_ptr<ByteStream> wrap(EventLoop& loop, int fd, const std::string& host) override {
        SslPtr ssl(SSL_new(context_.get()));
        if (!ssl || SSL_set_fd(ssl.get(), fd) != 1) {
            ::close(fd);
            return nullptr;
        }
        if (is_server_) {
            SSL_set_accept_state(ssl.get());
        } else {
            SSL_set_connect_state(ssl.get());
            expect_name(*ssl, config_.server_name.value_or(host));
        }
        try {
            return std::make_unique<TlsStream>(loop, fd, std::move(ssl), shown_);
        } catch (...) {  // out of memory: ownership was not taken
            ::close(fd);
            throw;
        }
    }

private:
    void expect_name(SSL& ssl, const std::string& name) const {
        const bool is_address = IpAddress::parse(name).has_value();
        // RFC 6066 section 3: SNI carries host names only.
        // (SSL_set_tlsext_host_name, spelled out: the macro hides an old-style cast.)
        if (!is_address) {
            SSL_ctrl(&ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, const_cast<char*>(name.c_str()));
        }
        if (!config_.verify) return;
        if (is_address) {
            X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(&ssl), name.c_str());
        } else {
            SSL_set1_host(&ssl, name.c_str());
        }
    }

    std::shared_ptr<Shown> shown_;  // a server's contexts, the default included
    ContextPtr context_;
    bool is_server_ = false;
    ClientTlsConfig config_;
};

ContextPtr make_context(const SSL_METHOD* method) {
    UI_set_default_method(UI_null());  // never prompts at a terminal, whatever a file contains
    ContextPtr context(SSL_CTX_new(method));
    if (!context) return nullptr;
    SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
    // RFC 9325 section 4.2: forward secrecy and authenticated encryption; every TLS 1.3 suite has both.
    SSL_CTX_set_cipher_list(context.get(), "ECDHE+AESGCM:ECDHE+CHACHA20:!aNULL:!PSK");
    SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION);
    SSL_CTX_set_mode(context.get(),
                     SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    return context;
}

// OpenSSL would prompt at the terminal, and the process would hang.
int refuse_passphrase(char*, int, int, void* asked) {
    *static_cast<bool*>(asked) = true;
    return 0;
}

// Checked before OpenSSL opens the file, which would block on a named pipe without a writer.
std::optional<Error> unfit_file(std::string_view what, const std::string& file) {
    const std::string why = why_not_plain_file(file);
    if (why.empty()) return std::nullopt;
    return Error{fmt::format("cannot use {} '{}': it {}", what, file, why)};
}

std::optional<Error> use_certificate(SSL_CTX& context, const std::string& cert_file, const std::string& key_file) {
    if (auto unfit = unfit_file("certificate", cert_file)) return unfit;
    if (auto unfit = unfit_file("private key", key_file)) return unfit;
    bool asked = false;
    SSL_CTX_set_default_passwd_cb(&context, refuse_passphrase);
    SSL_CTX_set_default_passwd_cb_userdata(&context, &asked);
    const bool has_certificate = SSL_CTX_use_certificate_chain_file(&context, cert_file.c_str()) == 1;
    const bool has_key =
        has_certificate && SSL_CTX_use_PrivateKey_file(&context, key_file.c_str(), SSL_FILETYPE_PEM) == 1;
    SSL_CTX_set_default_passwd_cb_userdata(&context, nullptr);
    if (!has_certificate) return Error{fmt::format("cannot use certificate '{}': {}", cert_file, last_error())};
    if (!has_key && asked) {
        ERR_clear_error();
        return Error{fmt::format("private key '{}' is encrypted, and Weir asks for no passphrase", key_file)};
    }
    // A key that belongs to another certificate is detected at once, with an error of its own.
    if (!has_key && ERR_GET_REASON(ERR_peek_last_error()) != X509_R_KEY_VALUES_MISMATCH) {
        return Error{fmt::format("cannot use private key '{}': {}", key_file, last_error())};
    }
    if (!has_key || SSL_CTX_check_private_key(&context) != 1) {
        ERR_clear_error();
        return Error{fmt::format("private key '{}' does not belong to certificate '{}'", key_file, cert_file)};
    }
    return std::nullopt;
}

std::optional<Error> use_authorities(SSL_CTX& context, const std::string& file, ClientCertificate need) {
    if (auto unfit = unfit_file("the authorities in", file)) return unfit;
    STACK_OF(X509_NAME)* names = SSL_load_client_CA_file(file.c_str());
    if (names == nullptr || SSL_CTX_load_verify_locations(&context, file.c_str(), nullptr) != 1) {
        return Error{fmt::format("cannot use the authorities in '{}': {}", file, last_error())};
    }
    SSL_CTX_set_client_CA_list(&context, names);
    const int missing = need == ClientCertificate::required ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0;
    SSL_CTX_set_verify(&context, SSL_VERIFY_PEER | missing, nullptr);
    // A session of another context, which has other authorities, must not be resumed here.
    static constexpr std::array<unsigned char, 4> kContext{'w', 'e', 'i', 'r'};
    SSL_CTX_set_session_id_context(&context, kContext.data(), kContext.size());
    return std::nullopt;
}

std::int64_t end_of(const X509* certificate) {
    tm parts{};
    return ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &parts) == 1 ? timegm(&parts) : 0;
}

// The earliest end among the certificate and the chain presented with it.
std::int64_t first_end(SSL_CTX& context) {
    std::int64_t first = end_of(SSL_CTX_get0_certificate(&context));
    STACK_OF(X509)* chain = nullptr;
    SSL_CTX_get0_chain_certs(&context, &chain);
    for (int i = 0; i < sk_X509_num(chain); ++i) first = std::min(first, end_of(sk_X509_value(chain, i)));
    return first;
}

Result<ContextPtr> server_context(const CertificateFiles& files, const ServerTlsConfig& config) {
    ContextPtr context = make_context(TLS_server_method());
    if (!context) return Error{fmt::format("cannot set up TLS: {}", last_error())};
    if (auto error = use_certificate(*context, files.cert_file, files.key_file)) return *error;
    if (config.client_ca_file) {
        if (auto error = use_authorities(*context, *config.client_ca_file, config.client_certificate)) return *error;
    }
    SSL_CTX_set_options(context.get(), SSL_OP_CIPHER_SERVER_PREFERENCE);
    SSL_CTX_set_alpn_select_cb(context.get(), select_alpn, nullptr);
    SSL_CTX_set_num_tickets(context.get(), 1);
    // Tickets carry the session: the server needs no cache, so there is none to bound.
    SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
    return context;
}

}  // namespace

Result<std::shared_ptr<TlsContext>> TlsContext::server(const ServerTlsConfig& config) {
    ERR_clear_error();
    Shown shown;
    for (const CertificateFiles& files : config.all()) {
        auto context = server_context(files, config);
        if (!context) return context.error();
        shown.ends.push_back({files.cert_file, first_end(**context)});
        shown.contexts.push_back(std::move(*context));
    }
    if (shown.contexts.empty()) return Error{"there is no certificate to present"};
    return std::shared_ptr<TlsContext>(std::make_shared<Context>(std::move(shown)));
}

Result<std::shared_ptr<TlsContext>> TlsContext::client(const ClientTlsConfig& config) {
    ERR_clear_error();
    ContextPtr context = make_context(TLS_client_method());
    if (!context) return Error{fmt::format("cannot set up TLS: {}", last_error())};
    if (config.verify) {
        if (config.ca_file) {
            if (const auto unfit = unfit_file("the authorities in", *config.ca_file)) return *unfit;
        }
        SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
        const bool loaded = config.ca_file
                                ? SSL_CTX_load_verify_locations(context.get(), config.ca_file->c_str(), nullptr) == 1
                                : SSL_CTX_set_default_verify_paths(context.get()) == 1;
        if (!loaded) {
            return Error{fmt::format("cannot use the authorities in '{}': {}",
                                     config.ca_file.value_or("the system's store"), last_error())};
        }
    }
    static constexpr std::array<unsigned char, 9> kHttp11{8, 'h', 't', 't', 'p', '/', '1', '.', '1'};
    SSL_CTX_set_alpn_protos(context.get(), kHttp11.data(), kHttp11.size());
    return std::shared_ptr<TlsContext>(std::make_shared<Context>(std::move(context), config));
}

}  // namespace weir::net
