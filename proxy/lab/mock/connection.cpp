#include "lab/mock/connection.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/chunk_encode.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <boost/beast/websocket/rfc6455.hpp>
#include <boost/beast/websocket/stream.hpp>

namespace weir::mock {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
namespace websocket = boost::beast::websocket;
using boost::system::error_code;
using namespace std::chrono_literals;
using WebSocket = websocket::stream<beast::tcp_stream&, false>;  // false: without compression

constexpr std::size_t kHeadBytes = 64 * 1024;
constexpr std::size_t kReadBytes = 4096;
constexpr std::size_t kReadAhead = 64 * 1024;  // of further requests, while one is being answered
constexpr std::size_t kMessageBytes = 16 * 1024 * 1024;
// After a last answer, what the client still sends is read and dropped, so that a reset does not take the answer from
// it (RFC 9112 section 9.6).
constexpr auto kLingerTime = 500ms;
constexpr std::size_t kLingerBytes = 1024 * 1024;

auto with(error_code& error) { return asio::redirect_error(asio::use_awaitable, error); }

// The status for a request that cannot be read; 0: none, as the client is gone.
int status_of(const error_code& error) {
    if (error == http::error::end_of_stream || error == http::error::partial_message) return 0;
    if (error == http::error::header_limit || error == http::error::buffer_overflow) return 431;
    if (error == http::error::body_limit) return 413;
    return error.category() == make_error_code(http::error::bad_method).category() ? 400 : 0;
}

template <typename Buffers>
void append(std::string& out, const Buffers& buffers) {
    for (const asio::const_buffer part : beast::buffers_range_ref(buffers)) {
        out.append(static_cast<const char*>(part.data()), part.size());
    }
}

template <typename Message>
std::string text_of(Message message, bool head_only = false) {
    http::response_serializer<typename Message::body_type> serializer(message);
    serializer.split(head_only);
    std::string text;
    error_code error;
    while (!error && !serializer.is_done() && !(head_only && serializer.is_header_done())) {
        serializer.next(error, [&](error_code&, const auto& buffers) {
            append(text, buffers);
            serializer.consume(beast::buffer_bytes(buffers));
        });
    }
    return text;
}

}  // namespace

struct Connection::Impl {
    using Parser = http::request_parser<http::string_body>;

    Impl(asio::ip::tcp::socket socket, const MockConfig& settings)
        : config(settings),
          stream(std::move(socket)),
          changed(stream.get_executor(), asio::steady_timer::time_point::max()) {
        error_code ignored;
        stream.socket().set_option(asio::ip::tcp::no_delay(true), ignored);
        stream.socket().non_blocking(true, ignored);
    }

    // Reads while it answers: nothing else shows that the client leaves.
    static void watch(const std::shared_ptr<Impl>& self);
    void watched(const error_code& error, std::size_t size);
    asio::awaitable<void> end_watch();
    void leave();

    asio::awaitable<error_code> read_request();
    asio::awaitable<error_code> read_body();
    asio::awaitable<bool> write(std::string_view bytes);

    const MockConfig& config;
    beast::tcp_stream stream;
    asio::steady_timer changed;  // never expires: it is cancelled to wake what waits
    beast::flat_buffer inbox{kHeadBytes + kReadAhead};
    std::optional<Parser> parser;  // of the last request
    std::optional<WebSocket> websocket;
    beast::flat_buffer message;
    bool message_there = false;
    bool watching = false;
    bool gone = false;
};

void Connection::Impl::watch(const std::shared_ptr<Impl>& self) {
    if (self->watching || self->gone || self->message_there) return;
    const auto done = [self](const error_code& error, std::size_t size) { self->watched(error, size); };
    if (self->websocket) {
        self->watching = true;
        self->websocket->async_read(self->message, done);
    } else if (self->inbox.size() < kReadAhead) {
        self->watching = true;
        self->stream.socket().async_read_some(self->inbox.prepare(kReadBytes), done);
    }
}

void Connection::Impl::watched(const error_code& error, std::size_t size) {
    watching = false;
    if (websocket) {
        message_there = !error;
    } else {
        inbox.commit(size);
    }
    if (error && error != asio::error::operation_aborted) leave();
    changed.cancel();
}

asio::awaitable<void> Connection::Impl::end_watch() {
    if (!watching) co_return;
    stream.socket().cancel();
    error_code ignored;
    while (watching) co_await changed.async_wait(with(ignored));
}

void Connection::Impl::leave() {
    gone = true;
    stream.close();
    changed.cancel();
}

asio::awaitable<error_code> Connection::Impl::read_request() {
    error_code error;
    if (inbox.size() == 0) {
        stream.expires_after(config.idle_timeout);
        const std::size_t size = co_await stream.async_read_some(inbox.prepare(kReadBytes), with(error));
        inbox.commit(size);
        if (error) co_return error;
    }
    stream.expires_after(config.head_timeout);
    co_await http::async_read_header(stream, inbox, *parser, with(error));
    if (!error) error = co_await read_body();
    co_return error;
}

asio::awaitable<error_code> Connection::Impl::read_body() {
    error_code error;
    if (inbox.size() == 0 && beast::iequals(parser->get()[http::field::expect], "100-continue")) {
        const std::string interim = text_of(http::response<http::empty_body>(http::status::continue_, 11));
        co_await write(interim);
    }
    parser->eager(true);
    while (!error && !parser->is_done()) {
        stream.expires_after(config.body_timeout);  // for any progress
        co_await http::async_read_some(stream, inbox, *parser, with(error));
    }
    co_return error;
}

asio::awaitable<bool> Connection::Impl::write(std::string_view bytes) {
    while (!bytes.empty() && !gone) {
        // Nearly always all of it goes out at once; with two thousand streams, a wait for each event would cost too
        // much.
        error_code error;
        std::size_t sent = stream.socket().write_some(asio::buffer(bytes), error);
        if (error == asio::error::would_block) {
            stream.expires_after(config.write_timeout);
            sent = co_await stream.async_write_some(asio::buffer(bytes), with(error));
        }
        if (error) leave();
        bytes.remove_prefix(sent);
    }
    co_return !gone;
}

Connection::Connection(asio::ip::tcp::socket socket, const MockConfig& config)
    : impl_(std::make_shared<Impl>(std::move(socket), config)) {}

Connection::~Connection() { impl_->leave(); }

asio::awaitable<Incoming> Connection::read() {
    co_await impl_->end_watch();
    auto& parser = impl_->parser.emplace();
    parser.header_limit(kHeadBytes);
    parser.body_limit(impl_->config.body_bytes);
    const error_code error = co_await impl_->read_request();
    Incoming incoming;
    if (error) {
        incoming.refused = status_of(error);
        incoming.why = error.message();
        co_return incoming;
    }
    const std::string_view target = parser.get().target();
    incoming.request = Request{.method = parser.get().method_string(),
                               .path = std::string(target.substr(0, target.find('?'))),
                               .body = std::move(parser.get().body()),
                               .websocket = websocket::is_upgrade(parser.get())};
    co_return incoming;
}

bool Connection::keeps_alive() const {
    return impl_->parser->get().keep_alive() && impl_->parser->get().version() >= 11;
}

asio::awaitable<bool> Connection::reply(const Reply& reply, bool last) {
    http::response<http::string_body> message(static_cast<http::status>(reply.status), 11);
    message.keep_alive(!last);
    message.set(http::field::content_type, reply.content_type);
    if (reply.status == 405) message.set(http::field::allow, reply.allow);
    message.body() = reply.body;
    message.prepare_payload();
    if (impl_->parser->get().method() == http::verb::head) message.body().clear();  // its length stays
    const std::string text = text_of(message);
    const bool sent = co_await impl_->write(text);
    co_return sent;
}

asio::awaitable<bool> Connection::begin_stream() {
    http::response<http::empty_body> head(http::status::ok, 11);
    head.set(http::field::content_type, "text/event-stream; charset=utf-8");
    head.set(http::field::cache_control, "no-cache");
    head.keep_alive(keeps_alive());
    // For HTTP/1.0 the end of the stream is the connection's.
    if (impl_->parser->get().version() >= 11) head.chunked(true);
    const std::string text = text_of(head, true);
    const bool sent = co_await impl_->write(text);
    co_return sent;
}

asio::awaitable<bool> Connection::send_events(std::string_view events, bool last) {
    if (impl_->parser->get().version() < 11) {
        const bool sent = co_await impl_->write(events);
        co_return sent;
    }
    std::string text;
    while (!events.empty()) {
        const std::string_view event = events.substr(0, events.find("\n\n") + 2);
        append(text, http::make_chunk(asio::buffer(event)));
        events.remove_prefix(event.size());
    }
    if (last) append(text, http::make_chunk_last());
    const bool sent = co_await impl_->write(text);
    co_return sent;
}

asio::awaitable<bool> Connection::accept_websocket() {
    WebSocket& websocket = impl_->websocket.emplace(impl_->stream);
    impl_->stream.expires_never();  // it keeps time itself
    websocket.set_option(
        websocket::stream_base::timeout{impl_->config.head_timeout, impl_->config.idle_timeout, false});
    websocket.read_message_max(kMessageBytes);
    error_code error;
    co_await websocket.async_accept(impl_->parser->get(), with(error));
    if (error) impl_->leave();
    co_return !error;
}

asio::awaitable<bool> Connection::send_message(std::string_view text) {
    error_code error;
    co_await impl_->websocket->async_write(asio::buffer(text), with(error));
    if (error) impl_->leave();
    co_return !error;
}

std::optional<std::string> Connection::take_message() {
    if (!impl_->message_there) return std::nullopt;
    std::string text = beast::buffers_to_string(impl_->message.cdata());
    impl_->message.clear();
    impl_->message_there = false;
    return text;
}

asio::awaitable<void> Connection::wait() {
    Impl::watch(impl_);
    if (impl_->gone || impl_->message_there) co_return;
    error_code ignored;
    co_await impl_->changed.async_wait(with(ignored));
}

void Connection::notify() { impl_->changed.cancel(); }
bool Connection::peer_gone() const { return impl_->gone; }
void Connection::abort() { impl_->leave(); }

asio::awaitable<void> Connection::close_gently() {
    if (impl_->websocket) co_return;
    co_await impl_->end_watch();
    error_code error;
    impl_->stream.socket().shutdown(asio::ip::tcp::socket::shutdown_send, error);
    impl_->stream.expires_after(kLingerTime);
    impl_->inbox.clear();
    for (std::size_t dropped = 0; !error && dropped < kLingerBytes;) {
        const std::size_t size = co_await impl_->stream.async_read_some(impl_->inbox.prepare(kReadBytes), with(error));
        dropped += size;
    }
}

}  // namespace weir::mock
