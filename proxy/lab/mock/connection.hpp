#pragma once
// One client's connection: requests come in whole, answers go out, as documents, as events or as WebSocket messages.
//
// HTTP and WebSocket are Boost.Beast's here, and nowhere Weir's own: a mistake of Weir's parser cannot hide by standing
// on both sides of a test.
//
// A client whose FIN arrives before the end of its answer counts as gone, as it does for the Python servers that this
// stands in for.
//
// Single-threaded: the io_context's.

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "lab/mock/config.hpp"
#include "lab/mock/reply.hpp"

namespace weir::mock {

struct Request {
    std::string method;
    std::string path;  // without the query
    std::string body;
    bool websocket = false;  // asks for an upgrade to it
};

// The result of waiting for a request.
struct Incoming {
    std::optional<Request> request;
    int refused = 0;  // the status to answer what is no request, or too large a one, with: the last on its connection
    std::string why;  // for those
};

class Connection {
public:
    // REQUIRES: `config` outlives it.
    Connection(boost::asio::ip::tcp::socket socket, const MockConfig& config);
    ~Connection();

    // Neither a request nor a refusal: the client is gone, or was silent for too long.
    boost::asio::awaitable<Incoming> read();

    // These return whether the client is still there.
    boost::asio::awaitable<bool> reply(const Reply& reply, bool last);
    boost::asio::awaitable<bool> begin_stream();  // of events
    // Each event ends with an empty line, and is one chunk; `last` ends the stream.
    boost::asio::awaitable<bool> send_events(std::string_view events, bool last);

    // Whether another request may come after the one that was read last.
    [[nodiscard]] bool keeps_alive() const;

    // REQUIRES: a request for it was read last. From here on messages come and go, and requests no more.
    boost::asio::awaitable<bool> accept_websocket();
    boost::asio::awaitable<bool> send_message(std::string_view text);
    [[nodiscard]] std::optional<std::string> take_message();

    // Waits until notify(), a message or the client's end. May return for nothing.
    boost::asio::awaitable<void> wait();
    void notify();
    [[nodiscard]] bool peer_gone() const;

    boost::asio::awaitable<void> close_gently();
    // At once: every wait ends and finds the client gone.
    void abort();

private:
    struct Impl;
    std::shared_ptr<Impl> impl_;  // shared with a read under way
};

}  // namespace weir::mock
