#pragma once
// One client connection: request after request, in order, until one side has had enough.
//
// While it is idle it holds no buffer: only this object and one suspended coroutine.

#include <memory>
#include <string_view>

#include "downstream/client.hpp"
#include "downstream/open_connections.hpp"
#include "http/head.hpp"
#include "http/partial_head.hpp"
#include "net/task.hpp"

namespace weir::downstream {

class Connection final : public Client {
public:
    // REQUIRES: `open`, which will hold it, outlives it, as does `context`.
    Connection(WorkerContext& context, OpenConnections& open, std::shared_ptr<const Routing> policy, ListenerId from,
               const IpAddress& address, std::unique_ptr<net::ByteStream> bytes);
    ~Connection() override;

    // From here on it counts; it runs to its end by itself.
    void start();

private:
    // How far the next head has come.
    enum class HeadStep : std::uint8_t {
        waiting,  // more is to come
        ended,    // parsed, or refused
        nothing,  // nothing came after all
        gone,     // the client left
    };
    struct HeadRead {
        http::ParseResult parsed;
        std::string_view bytes;                 // begin with the head, and live until the next wait
        TimePoint deadline = TimePoint::max();  // once it has begun
        bool look = false;                      // at what is here already
        http::PartialHead partial;
    };

    [[nodiscard]] net::task<void> run();
    // Before the connection's own bytes: whom a balancer carries, where the policy has one.
    [[nodiscard]] net::task<bool> read_proxy_header();
    [[nodiscard]] bool expects_proxy_header() const;
    [[nodiscard]] bool take_place();
    // Whether its address stands for one client, as far as an address can tell.
    [[nodiscard]] bool is_one_client() const;
    [[nodiscard]] net::task<void> refuse_place();
    [[nodiscard]] net::task<bool> handshake();
    [[nodiscard]] bool has_input();
    // Whether the connection lies idle, and may until `deadline`.
    [[nodiscard]] bool is_idle(TimePoint deadline);
    // The next request, if one comes. True when the connection can take another one.
    [[nodiscard]] net::task<bool> serve_next();
    [[nodiscard]] net::task<bool> await_head(HeadRead read, HeadStep step);
    // REQUIRES: it has ended; the task is awaited at once.
    [[nodiscard]] net::task<bool> serve_head(const HeadRead& read);
    [[nodiscard]] HeadStep read_head(HeadRead& read);
    [[nodiscard]] net::task<void> close_gently();

    OpenConnections& open_;
    bool counted_ = false;  // among its client's connections
    net::task<void> run_;
};

}  // namespace weir::downstream
