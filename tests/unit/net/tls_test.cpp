#include "net/tls.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include <csignal>
#include <memory>
#include <string>

#include "support/certificates.hpp"
#include "support/loop.hpp"
#include "support/sockets.hpp"

namespace weir::net {
namespace {

using test::LoopTest;
using testing::HasSubstr;

using Stream = std::unique_ptr<ByteStream>;

class TlsTest : public LoopTest {
protected:
    static void SetUpTestSuite() {
        std::signal(SIGPIPE, SIG_IGN);  // as the gateway does: OpenSSL writes without MSG_NOSIGNAL
        certificates_ = new test::Certificates();
    }
    static void TearDownTestSuite() { delete certificates_; }

    static std::shared_ptr<TlsContext> server_context(const std::string& name = "first") {
        return TlsContext::server({certificates_->cert(name), certificates_->key(name)}).value();
    }
    static ClientTlsConfig trusting(const std::string& name = "first") {
        ClientTlsConfig config;
        config.ca_file = certificates_->cert(name);
        return config;
    }

    // Connects both ends, before their handshake.
    void connect(const ClientTlsConfig& config, const std::string& host) {
        auto pair = test::unix_pair();
        client = TlsContext::client(config).value()->wrap(loop, pair.near.release(), host);
        server = server_context()->wrap(loop, pair.far.release(), {});
    }

    // A handshake needs no loop: each side is tried until it is settled.
    static IoStatus settle(IoStatus before, ByteStream& stream) {
        return before == IoStatus::would_block ? stream.try_handshake() : before;
    }
    bool shake_hands() {
        IoStatus near = IoStatus::would_block;
        IoStatus far = IoStatus::would_block;
        for (int i = 0; i < 20; ++i) {
            near = settle(near, *client);
            far = settle(far, *server);
        }
        return near == IoStatus::ok && far == IoStatus::ok;
    }
    bool is_accepted(const ClientTlsConfig& config, const std::string& host) {
        connect(config, host);
        return shake_hands();
    }

    static test::Certificates* certificates_;
    Stream client;
    Stream server;
};

test::Certificates* TlsTest::certificates_ = nullptr;

TEST_F(TlsTest, AcceptsTheNameInTheCertificate) {
    EXPECT_TRUE(is_accepted(trusting(), "localhost"));
    EXPECT_TRUE(client->secure());
    EXPECT_TRUE(is_accepted(trusting(), "127.0.0.1"));
}

TEST_F(TlsTest, RefusesAnotherName) {
    EXPECT_FALSE(is_accepted(trusting(), "example.org"));
    EXPECT_FALSE(is_accepted(trusting(), "127.0.0.2"));
    EXPECT_FALSE(is_accepted(trusting(), "ocalhost"));
}

TEST_F(TlsTest, ChecksTheConfiguredName) {
    ClientTlsConfig config = trusting();
    config.server_name = "localhost";
    EXPECT_TRUE(is_accepted(config, "10.0.0.1"));
    config.server_name = "example.org";
    EXPECT_FALSE(is_accepted(config, "localhost"));
}

TEST_F(TlsTest, RefusesACertificateOfAnUnknownAuthority) {
    EXPECT_FALSE(is_accepted(trusting("second"), "localhost"));
    EXPECT_FALSE(is_accepted({}, "localhost"));
}

TEST_F(TlsTest, AcceptsAnyCertificateWhenVerificationIsOff) {
    ClientTlsConfig config;
    config.verify = false;
    EXPECT_TRUE(is_accepted(config, "example.org"));
}

TEST_F(TlsTest, NamesTheFileThatCannotBeUsed) {
    const auto cert = certificates_->cert("first");
    EXPECT_THAT(TlsContext::server({"/nonexistent.pem", "/x"}).error().message, HasSubstr("/nonexistent.pem"));
    EXPECT_THAT(TlsContext::server({cert, "/nonexistent.key"}).error().message, HasSubstr("/nonexistent.key"));
    EXPECT_THAT(TlsContext::server({cert, certificates_->key("second")}).error().message, HasSubstr("second.key"));
    ClientTlsConfig config;
    config.ca_file = "/nonexistent.ca";
    EXPECT_THAT(TlsContext::client(config).error().message, HasSubstr("/nonexistent.ca"));
}

// The protocol chosen for a client that offers these, each preceded by its length; empty if none.
std::string negotiate(TlsContext& context, EventLoop& loop, const std::string& offered) {
    auto pair = test::unix_pair();
    const Stream server = context.wrap(loop, pair.far.release(), {});
    const std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> client_context(SSL_CTX_new(TLS_client_method()),
                                                                           SSL_CTX_free);
    const std::unique_ptr<SSL, decltype(&SSL_free)> ssl(SSL_new(client_context.get()), SSL_free);
    SSL_set_fd(ssl.get(), pair.near.get());
    const auto* bytes = reinterpret_cast<const unsigned char*>(offered.data());
    SSL_set_alpn_protos(ssl.get(), bytes, static_cast<unsigned int>(offered.size()));
    for (int i = 0; i < 20; ++i) {
        static_cast<void>(SSL_connect(ssl.get()));
        static_cast<void>(server->try_handshake());
    }
    const unsigned char* chosen = nullptr;
    unsigned int size = 0;
    SSL_get0_alpn_selected(ssl.get(), &chosen, &size);
    if (SSL_is_init_finished(ssl.get()) == 0) return "refused";
    return {reinterpret_cast<const char*>(chosen), size};
}

TEST_F(TlsTest, NegotiatesHttp11AndNothingElse) {
    const auto context = server_context();
    EXPECT_EQ(negotiate(*context, loop, "\x02h2\x08http/1.1"), "http/1.1");
    EXPECT_EQ(negotiate(*context, loop, "\x02h2"), "refused");
    EXPECT_EQ(negotiate(*context, loop, ""), "");
}

TEST_F(TlsTest, RefusesGarbageInsteadOfAHandshake) {
    auto pair = test::unix_pair();
    const Stream stream = server_context()->wrap(loop, pair.far.release(), {});
    EXPECT_EQ(stream->try_handshake(), IoStatus::would_block);
    pair.near.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    EXPECT_EQ(stream->try_handshake(), IoStatus::failed);
}

// Sends a small part and a large one, like an answer's head and body.
task<void> send_all(ByteStream& stream, Waker& waker, std::string_view small, std::string_view large) {
    while (!small.empty() || !large.empty()) {
        const iovec parts[] = {{const_cast<char*>(small.data()), small.size()},
                               {const_cast<char*>(large.data()), large.size()}};
        const IoResult result = stream.try_write(parts);
        if (result.status == IoStatus::failed) co_return;
        if (result.status == IoStatus::would_block) co_await waker.wait();
        const std::size_t of_small = std::min(result.bytes, small.size());
        small.remove_prefix(of_small);
        large.remove_prefix(result.bytes - of_small);
    }
    stream.shutdown_write();
}

task<void> receive_all(ByteStream& stream, Waker& waker, std::string& received, IoStatus& end) {
    std::string buffer(10'000, '\0');
    for (;;) {
        const IoResult result = stream.try_read(buffer);
        received.append(buffer, 0, result.bytes);
        if (result.status == IoStatus::would_block) co_await waker.wait();
        if (result.status == IoStatus::eof || result.status == IoStatus::failed) {
            end = result.status;
            co_return;
        }
    }
}

TEST_F(TlsTest, SendsMoreThanTheSocketHoldsInOrder) {
    ASSERT_TRUE(is_accepted(trusting(), "localhost"));
    const std::string head(300, 'h');
    std::string body(2'000'000, '\0');
    for (std::size_t i = 0; i < body.size(); ++i) body[i] = static_cast<char>(i * 31 >> 3);
    std::string received;
    IoStatus end = IoStatus::ok;
    Waker sending(loop);
    Waker receiving(loop);
    server->source().set_waker(&sending);
    client->source().set_waker(&receiving);
    task<void> sender = send_all(*server, sending, head, body);
    loop.post([&] { sender.start(); });
    run(receive_all(*client, receiving, received, end));
    EXPECT_EQ(end, IoStatus::eof);
    EXPECT_TRUE(received == head + body);
}

TEST_F(TlsTest, ReadsAlreadyDecryptedBytesWithoutTheDescriptor) {
    ASSERT_TRUE(is_accepted(trusting(), "localhost"));
    const std::string_view text = "abcdef";
    const iovec part{const_cast<char*>(text.data()), text.size()};
    ASSERT_EQ(server->try_write({&part, 1}).bytes, 6U);
    client->source().ready.readable = true;
    std::string buffer(3, '\0');
    ASSERT_EQ(client->try_read(buffer).bytes, 3U);
    client->source().ready.readable = false;
    EXPECT_EQ(client->try_read(buffer).bytes, 3U);
    EXPECT_EQ(buffer, "def");
    EXPECT_EQ(client->try_read(buffer).status, IoStatus::would_block);
}

// Checklist 19: an end without close_notify may be an attacker's.
TEST_F(TlsTest, TreatsAnEndWithoutCloseNotifyAsAFailure) {
    ASSERT_TRUE(is_accepted(trusting(), "localhost"));
    server->abort();
    client->source().ready.readable = true;
    std::string buffer(16, '\0');
    EXPECT_EQ(client->try_read(buffer).status, IoStatus::failed);
    EXPECT_EQ(server->try_read(buffer).status, IoStatus::failed);
    EXPECT_EQ(server->try_handshake(), IoStatus::failed);
}

}  // namespace
}  // namespace weir::net
