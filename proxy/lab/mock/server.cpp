#include "lab/mock/server.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <iterator>
#include <utility>

#include "net/socket.hpp"

namespace weir::mock {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

constexpr auto kPause = std::chrono::milliseconds(100);  // in accepting, when no descriptor is left

}  // namespace

Server::Server(asio::io_context& io, int fd, MockConfig config)
    : io_(io),
      service_(io, std::move(config)),
      acceptor_(io, net::local_address(fd).storage.ss_family == AF_INET6 ? tcp::v6() : tcp::v4(), fd) {
    asio::co_spawn(io_, accept(), asio::detached);
}

void Server::stop() {
    acceptor_.close();
    service_.engine().stop();
    for (Session& session : sessions_) session.abort();
}

asio::awaitable<void> Server::accept() {
    while (acceptor_.is_open()) {
        boost::system::error_code error;
        tcp::socket socket = co_await acceptor_.async_accept(asio::redirect_error(asio::use_awaitable, error));
        if (!error) {
            serve(std::move(socket));
        } else if (acceptor_.is_open()) {
            asio::steady_timer pause(io_, kPause);
            co_await pause.async_wait(asio::use_awaitable);
        }
    }
}

void Server::serve(tcp::socket socket) {
    if (sessions_.size() >= service_.config().max_connections) {
        ++service_.engine().totals().refused_connections;
        return;
    }
    const auto place = sessions_.emplace(sessions_.end(), service_, std::move(socket));
    // A failure most likely means out of memory: this connection ends, the others go on.
    asio::co_spawn(io_, place->run(), [this, place](const std::exception_ptr&) { sessions_.erase(place); });
}

}  // namespace weir::mock
