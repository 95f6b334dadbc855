#pragma once
// Answers one client's requests, one after the other.
//
// A client that does not read stops its own answer and holds no more than one batch of events; what the engine produces
// meanwhile is only counted. A client that leaves takes its request out of the engine at once.
//
// Single-threaded: the io_context's.

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "lab/mock/answer.hpp"
#include "lab/mock/connection.hpp"
#include "lab/mock/reply.hpp"
#include "lab/mock/service.hpp"

namespace weir::mock {

class Session {
public:
    Session(Service& service, boost::asio::ip::tcp::socket socket);

    // To the end of the connection.
    boost::asio::awaitable<void> run();
    // Makes run() end soon.
    void abort() { connection_.abort(); }

private:
    // These return whether the connection can serve another request.
    boost::asio::awaitable<bool> serve_next();
    boost::asio::awaitable<bool> answer(Request request);
    boost::asio::awaitable<bool> generate(AskKind kind, Request request);
    boost::asio::awaitable<bool> reply(const Reply& reply);

    boost::asio::awaitable<bool> answer_whole(Generation& generation, const AnswerWriter& writer);
    boost::asio::awaitable<bool> answer_stream(const Ask& ask, Generation& generation, const AnswerWriter& writer);
    boost::asio::awaitable<void> serve_realtime();

    Service& service_;
    Connection connection_;
};

}  // namespace weir::mock
