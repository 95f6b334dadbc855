#pragma once
// One client's connection: its requests one after the other, each read whole, then answered.
//
// A client whose FIN arrives before the end of its answer counts as gone, as it does for the Python servers this stands
// in for; its request leaves the engine in the same turn of the loop. A client that does not read stops its own answer
// and holds no more than one batch of events; what the engine gives meanwhile is only counted.
//
// Single-threaded: the loop's.

#include <list>
#include <memory>
#include <string>

#include "http/head.hpp"
#include "mock/answer.hpp"
#include "mock/engine_driver.hpp"
#include "mock/reply.hpp"
#include "net/byte_stream.hpp"
#include "net/task.hpp"

namespace weir::mock {

class Server;

class Session {
public:
    Session(Server& server, std::unique_ptr<net::ByteStream> stream);

    // Runs it to its first wait. Its end is told to Server::retire().
    void start() { task_.start(); }

    std::list<Session>::iterator place;  // the server's, in its own list

private:
    enum class Step : std::uint8_t {
        ready,    // go on
        gone,     // nothing more can be said
        refused,  // `refusal_` is the answer, and the last one
    };

    // What is kept of a head once its bytes are gone.
    struct Request {
        std::string method;
        std::string path;
        http::Framing framing = http::Framing::none;
        std::uint64_t content_length = 0;
        bool keep_alive = false;
        bool expect_continue = false;
        bool chunked_answer = true;
        std::string websocket_key;  // of an upgrade to WebSocket; else empty
        std::string body;
    };

    net::task<void> run();
    net::task<bool> serve_next();  // whether the connection can serve another
    net::task<Step> read_head();
    net::task<Step> read_body();
    net::task<bool> answer();
    net::task<bool> generate(AskKind kind);
    net::task<void> serve_realtime();
    net::task<bool> answer_whole(Generation& generation, const AnswerWriter& writer);
    net::task<bool> answer_stream(const Ask& ask, Generation& generation, const AnswerWriter& writer);

    net::task<bool> send(std::string_view bytes);
    net::task<bool> reply(const Reply& reply);
    net::task<void> close_gently();

    Step refuse(int status, std::string_view message);
    void keep(const http::RequestHead& head);
    [[nodiscard]] net::IoStatus read_more();
    [[nodiscard]] Reply fault(int status, const AskFault& fault) const;
    [[nodiscard]] bool peer_gone() const;
    [[nodiscard]] TimePoint now() const { return waker_.loop().now(); }

    Server& server_;
    net::Waker waker_;
    net::Timer timer_;
    std::unique_ptr<net::ByteStream> stream_;
    std::string inbox_;  // bytes that came before their turn
    Request request_;
    Reply refusal_;
    net::task<void> task_;  // last, so that it is destroyed before what it uses
};

}  // namespace weir::mock
