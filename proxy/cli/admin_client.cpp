#include "cli/admin_client.hpp"

#include <fmt/format.h>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <chrono>
#include <exception>
#include <vector>

namespace weir::cli {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using boost::system::error_code;
using namespace std::chrono_literals;

using Stream = beast::basic_stream<asio::generic::stream_protocol>;
using Endpoints = std::vector<asio::generic::stream_protocol::endpoint>;

constexpr auto kTimeout = 3s;  // a person waits, or a script that has other things to try

auto with(error_code& error) { return asio::redirect_error(asio::use_awaitable, error); }

struct Place {
    std::string unix_path;  // or else
    std::string host, port;
};

Result<Place> parse_place(const std::string& text) {
    if (text.starts_with("unix:")) {
        if (text.size() - 5 >= sizeof(sockaddr_un::sun_path)) {
            return Error{fmt::format("the path in '{}' is too long", text)};
        }
        return Place{text.substr(5), {}, {}};
    }
    const std::size_t colon = text.rfind(':');
    std::string host = text.substr(0, colon);
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
    const int port = colon == std::string::npos ? 0 : std::atoi(text.c_str() + colon + 1);
    if (host.empty() || port <= 0 || port > 65535) {
        return Error{fmt::format("'{}' is not HOST:PORT, or unix:/PATH", text)};
    }
    // RFC 6761 section 6.3: that name is this machine, whether or not /etc/hosts says so.
    return Place{{}, host == "localhost" ? "127.0.0.1" : host, std::to_string(port)};
}

Endpoints look_up(asio::io_context& io, const Place& place, error_code& error) {
    if (!place.unix_path.empty()) return {asio::local::stream_protocol::endpoint(place.unix_path)};
    asio::ip::tcp::resolver resolver(io);
    Endpoints endpoints;
    for (const auto& entry : resolver.resolve(place.host, place.port, error)) endpoints.emplace_back(entry.endpoint());
    return endpoints;
}

asio::awaitable<error_code> connect(Stream& stream, const Endpoints& endpoints) {
    error_code error = asio::error::host_not_found;
    for (const auto& endpoint : endpoints) {
        error_code ignored;
        stream.socket().close(ignored);  // the previous endpoint's
        stream.expires_after(kTimeout);
        co_await stream.async_connect(endpoint, with(error));
        if (!error) break;
    }
    co_return error;
}

using Request = http::request<http::string_body>;

// Asks the first endpoint that accepts a connection; `text` names them in errors.
asio::awaitable<void> exchange(asio::io_context& io, const Endpoints& endpoints, Request request,
                               const std::string& text, Result<std::string>& outcome) {
    Stream stream(io);
    error_code error = co_await connect(stream, endpoints);
    if (error) {
        outcome = Error{fmt::format("no Weir answers at {}", text)};
        co_return;
    }
    request.set(http::field::host, "localhost");
    request.keep_alive(false);
    request.prepare_payload();
    stream.expires_after(kTimeout);
    co_await http::async_write(stream, request, with(error));
    beast::flat_buffer buffer;
    http::response_parser<http::string_body> answer;
    answer.body_limit(boost::none);
    if (!error) co_await http::async_read(stream, buffer, answer, with(error));
    const bool words = !error && request.method() == http::verb::post && answer.get().result_int() < 500;
    if (words && answer.get().result() != http::status::ok) {
        std::string refusal = std::move(answer.get().body());
        while (refusal.ends_with('\n')) refusal.pop_back();
        outcome = Error{std::move(refusal)};
        co_return;
    }
    if (error || answer.get().result() != http::status::ok) {
        outcome = Error{fmt::format("what answers at {} is not Weir's admin listener", text)};
        co_return;
    }
    outcome = Result<std::string>(boost::system::in_place_value, std::move(answer.get().body()));
}

Result<std::string> run(Request request, const std::string& text) {
    const auto place = parse_place(text);
    if (!place) return place.error();
    asio::io_context io(1);
    error_code error;
    const Endpoints endpoints = look_up(io, *place, error);
    if (error) return Error{fmt::format("'{}' is not an address: {}", place->host, error.message())};
    Result<std::string> outcome = Error{};
    asio::co_spawn(io, exchange(io, endpoints, std::move(request), text, outcome), [](const std::exception_ptr& fault) {
        if (fault) std::rethrow_exception(fault);
    });
    io.run();
    return outcome;
}

}  // namespace

Result<std::string> ask_status(const std::string& address) {
    return run(Request(http::verb::get, "/status", 11), address);
}

Result<std::string> post(const std::string& address, const std::string& path, const std::string& json,
                         const std::string& token) {
    Request request(http::verb::post, path, 11, json);
    request.set(http::field::content_type, "application/json");
    if (!token.empty()) request.set(http::field::authorization, "Bearer " + token);
    return run(std::move(request), address);
}

std::string admin_address_of(const net::BindAddress& bind) {
    if (!bind.unix_path.empty()) return "unix:" + bind.unix_path;
    if (bind.host == "0.0.0.0") return fmt::format("127.0.0.1:{}", bind.port);
    if (bind.host == "::") return fmt::format("[::1]:{}", bind.port);
    return bind.host.find(':') == std::string::npos ? fmt::format("{}:{}", bind.host, bind.port)
                                                    : fmt::format("[{}]:{}", bind.host, bind.port);
}

}  // namespace weir::cli
