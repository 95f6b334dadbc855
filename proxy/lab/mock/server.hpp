#pragma once
// The stand-in AI server: one engine, and the connections that share it.
//
// Single-threaded: the io_context's.

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cstdint>
#include <list>
#include <optional>
#include <string_view>

#include "lab/mock/config.hpp"
#include "lab/mock/service.hpp"
#include "lab/mock/session.hpp"

namespace weir::mock {

class Server {
public:
    // Takes over `fd`, a listening socket. REQUIRES: it outlives what runs in `io`.
    Server(boost::asio::io_context& io, int fd, MockConfig config);

    // Nothing is left to be done in the io_context soon afterwards.
    void stop();

private:
    boost::asio::awaitable<void> accept();
    void serve(boost::asio::ip::tcp::socket socket);

    boost::asio::io_context& io_;
    Service service_;
    std::list<Session> sessions_;
    boost::asio::ip::tcp::acceptor acceptor_;
};

}  // namespace weir::mock
