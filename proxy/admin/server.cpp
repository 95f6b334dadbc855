#include "admin/server.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <exception>
#include <list>

namespace weir::admin {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using boost::system::error_code;
using namespace std::chrono_literals;

// There are few clients: a scraper, a probe or two, a person.
constexpr std::size_t kMaxConnections = 64;
constexpr std::size_t kMaxHead = 16 * 1024;
constexpr std::size_t kMaxBody = 64 * 1024;
constexpr auto kTimeout = 10s;  // for a request to arrive whole, and for its answer to be sent
constexpr auto kIdle = 75s;     // between requests: longer than the usual interval of a scraper
// After the last answer, whatever the client still sends is read and dropped, so that a reset does not discard the
// answer (RFC 9112 section 9.6).
constexpr auto kLinger = 500ms;
constexpr std::size_t kLingerBytes = 1024 * 1024;

using Stream = beast::basic_stream<asio::generic::stream_protocol>;
using Parser = http::request_parser<http::string_body>;
using Response = http::response<http::string_body>;

auto with(error_code& error) { return asio::redirect_error(asio::use_awaitable, error); }

Response write_answer(const Parser::value_type& request, Answer answer) {
    Response response(static_cast<http::status>(answer.status), request.version());
    response.keep_alive(request.keep_alive());
    response.set(http::field::content_type, answer.content_type);
    if (answer.status == 401) response.set(http::field::www_authenticate, "Bearer");
    if (answer.status == 405) response.set(http::field::allow, answer.allow);
    response.body() = std::move(answer.body);
    response.prepare_payload();
    if (request.method() == http::verb::head) response.body().clear();  // Content-Length stays
    return response;
}

// The request could not be parsed: this is the last answer on its connection.
Response write_refusal(const error_code& error) {
    http::status status = http::status::bad_request;
    if (error == http::error::header_limit || error == http::error::buffer_overflow) {
        status = http::status::request_header_fields_too_large;
    }
    if (error == http::error::body_limit) status = http::status::payload_too_large;
    Parser::value_type nameless;
    nameless.keep_alive(false);
    return write_answer(nameless, {static_cast<int>(status), "text/plain; charset=utf-8", error.message() + "\n"});
}

// Whether a read error can be answered; after any other error there is no client left to answer.
bool is_fault_of_request(const error_code& error) {
    return error.category() == make_error_code(http::error::bad_method).category() &&
           error != http::error::end_of_stream && error != http::error::partial_message;
}

// Beast does not check Host. RFC 9112 section 3.2: exactly one, and none is allowed only before HTTP/1.1.
bool has_one_host(const Parser::value_type& request) {
    const std::size_t hosts = request.count(http::field::host);
    return hosts == 1 || (hosts == 0 && request.version() < 11);
}

Answer answer(const Door& door, const Parser::value_type& request) {
    if (!has_one_host(request)) return {400, "text/plain; charset=utf-8", "exactly one Host field is required\n"};
    const auto host = request.find(http::field::host);
    return door.answer({.method = request.method_string(),
                        .target = request.target(),
                        .host = host == request.end() ? std::nullopt : std::optional<std::string_view>(host->value()),
                        .authorization = request[http::field::authorization],
                        .body = request.body(),
                        .content_type = request[http::field::content_type],
                        .from_page = request.count(http::field::origin) > 0 || request.count("Sec-Fetch-Site") > 0});
}

}  // namespace

// One connection, which serves its requests one after the other.
class Server::Session {
public:
    // Takes ownership of `fd`, also on failure.
    Session(asio::io_context& io, int fd, int family) : stream_(io) {
        error_code error;
        stream_.socket().assign(asio::generic::stream_protocol(family, 0), fd, error);
        if (error) ::close(fd);
    }

    [[nodiscard]] bool asked() const { return asked_; }  // its request has arrived and is being answered
    void close() { stream_.close(); }

    asio::awaitable<void> run(State& state);

private:
    asio::awaitable<bool> serve_next(State& state);
    asio::awaitable<error_code> read(Parser& parser);
    asio::awaitable<void> close_gently();

    Stream stream_;
    beast::flat_buffer inbox_{kMaxHead + kMaxBody};
    bool fresh_ = true;  // no request has come yet
    bool asked_ = false;
};

struct Server::State {
    State(net::EventLoop& owner, std::vector<Route> routes, int listener_family)
        : loop(owner), family(listener_family), door(std::move(routes), family == AF_UNIX) {}

    static void accept(const std::shared_ptr<State>& state, int fd);
    static asio::awaitable<void> serve(std::shared_ptr<State> state, std::shared_ptr<Session> session);

    // Keeps probes answered when idle connections fill the listener: closes the connection that has been silent longest
    // or, where all are being answered, the oldest.
    void make_room() {
        const auto silent = std::find_if(sessions.begin(), sessions.end(), [](auto& entry) { return !entry->asked(); });
        const auto chosen = silent != sessions.end() ? silent : sessions.begin();
        (*chosen)->close();
        sessions.erase(chosen);
    }

    void answered(const Session& session) {
        const auto place =
            std::find_if(sessions.begin(), sessions.end(), [&](auto& entry) { return entry.get() == &session; });
        if (place != sessions.end()) sessions.splice(sessions.end(), sessions, place);
    }

    net::EventLoop& loop;
    int family;
    Door door;
    std::list<std::shared_ptr<Session>> sessions;  // the most recently used last
};

asio::awaitable<void> Server::Session::run(State& state) {
    bool more = true;
    while (more) more = co_await serve_next(state);
    co_await close_gently();
}

asio::awaitable<bool> Server::Session::serve_next(State& state) {
    Parser parser;
    parser.header_limit(kMaxHead);
    parser.body_limit(kMaxBody);
    error_code error = co_await read(parser);
    if (error && !is_fault_of_request(error)) co_return false;
    asked_ = true;
    const Response response =
        error ? write_refusal(error) : write_answer(parser.get(), answer(state.door, parser.get()));
    co_await http::async_write(stream_, response, with(error));
    asked_ = fresh_ = false;
    state.answered(*this);
    co_return !error && response.keep_alive();
}

asio::awaitable<error_code> Server::Session::read(Parser& parser) {
    error_code error;
    stream_.expires_after(fresh_ ? kTimeout : kIdle);
    if (inbox_.size() == 0) {
        const std::size_t size = co_await stream_.async_read_some(inbox_.prepare(4096), with(error));
        inbox_.commit(size);
        if (error) co_return error;
    }
    stream_.expires_after(kTimeout);
    co_await http::async_read(stream_, inbox_, parser, with(error));
    co_return error;
}

asio::awaitable<void> Server::Session::close_gently() {
    error_code error;
    stream_.socket().shutdown(Stream::socket_type::shutdown_send, error);
    stream_.expires_after(kLinger);
    inbox_.clear();
    for (std::size_t dropped = 0; !error && dropped < kLingerBytes;) {
        const std::size_t size = co_await stream_.async_read_some(inbox_.prepare(4096), with(error));
        dropped += size;
    }
}

// The session stays on the list for as long as its coroutine runs, however that ends.
asio::awaitable<void> Server::State::serve(std::shared_ptr<State> state, std::shared_ptr<Session> session) {
    struct Seat {
        Seat(State& owner, const std::shared_ptr<Session>& whose) : state(owner), session(whose) {
            state.sessions.push_back(session);
        }
        ~Seat() { state.sessions.remove(session); }
        State& state;
        const std::shared_ptr<Session>& session;
    } seat(*state, session);
    co_await session->run(*state);
}

void Server::State::accept(const std::shared_ptr<State>& state, int fd) {
    if (state->sessions.size() >= kMaxConnections) state->make_room();
    auto& io = state->loop.io();
    asio::co_spawn(io, serve(state, std::make_shared<Session>(io, fd, state->family)),
                   [state](const std::exception_ptr& fault) {
                       try {
                           if (fault) std::rethrow_exception(fault);
                       } catch (const std::exception& error) {  // such as out of memory: this connection just closes
                           state->loop.note_fault(error.what());
                       }
                   });
}

Server::Server(net::EventLoop& loop, int fd, std::vector<Route> routes)
    : state_(std::make_shared<State>(loop, std::move(routes), net::local_address(fd).storage.ss_family)),
      listener_(loop, fd, [state = state_](int client, const net::SocketAddress&) { State::accept(state, client); }) {}

Server::~Server() {
    for (const auto& session : state_->sessions) session->close();
}

void Server::set_token(const std::optional<std::string>& token) { state_->door.set_token(token); }
void Server::set_names(std::vector<std::string> names) { state_->door.set_names(std::move(names)); }

}  // namespace weir::admin
