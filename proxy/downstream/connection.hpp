#pragma once
// One client connection: request after request, in order, until either side ends it.
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
    // REQUIRES: `open`, which will own it, and `context` outlive it.
    Connection(WorkerContext& context, OpenConnections& open, std::shared_ptr<const Routing> policy, ListenerId from,
               const IpAddress& address, std::unique_ptr<net::ByteStream> bytes);
    ~Connection() override;

    // From here on it is counted; it runs to its end by itself.
    void start();

private:
    // How much of the next head has come.
    enum class HeadStep : std::uint8_t {
        waiting,  // more must come
        ended,    // parsed, or refused
        nothing,  // no head came
        gone,     // the client left
    };
    struct HeadRead {
        http::ParseResult parsed;
        std::string_view bytes;                 // start with the head, and are valid until the next wait
        TimePoint deadline = TimePoint::max();  // once the head has begun
        bool look = false;                      // bytes that are already here must be checked
        http::PartialHead partial;
    };

    [[nodiscard]] net::task<void> run();
    // Before the connection's own bytes: the client that a balancer carries, where the policy expects one.
    [[nodiscard]] net::task<bool> read_proxy_header();
    [[nodiscard]] bool expects_proxy_header() const;
    [[nodiscard]] bool take_place();
    // Whether its address stands for one client, as far as an address can show that.
    [[nodiscard]] bool is_one_client() const;
    [[nodiscard]] net::task<void> refuse_place();
    [[nodiscard]] net::task<bool> handshake();
    [[nodiscard]] bool has_input();
    // Whether the connection is idle, and may stay so until `deadline`.
    [[nodiscard]] bool is_idle(TimePoint deadline);
    // Serves the next request, if one comes. True when the connection can take another one.
    [[nodiscard]] net::task<bool> serve_next();
    [[nodiscard]] net::task<bool> await_head(HeadRead read, HeadStep step);
    // REQUIRES: the head is complete; the task is awaited at once.
    [[nodiscard]] net::task<bool> serve_head(const HeadRead& read);
    [[nodiscard]] HeadStep read_head(HeadRead& read);
    [[nodiscard]] net::task<void> close_gently();

    OpenConnections& open_;
    bool counted_ = false;  // in the count of its client's connections
    net::task<void> run_;
};

}  // namespace weir::downstream
