#pragma once
// The stand-in AI server: one engine, one loop, and the connections that share them.
//
// Single-threaded: the loop's.

#include <cstdint>
#include <list>
#include <optional>
#include <string_view>

#include "http/head.hpp"
#include "mock/config.hpp"
#include "mock/engine_driver.hpp"
#include "mock/session.hpp"
#include "mock/videos.hpp"
#include "net/listener.hpp"

namespace weir::mock {

class Server {
public:
    // Takes over `fd`, a listening socket. REQUIRES: `loop` outlives the server.
    Server(net::EventLoop& loop, int fd, MockConfig config);

    // What a GET of that path is answered, where there is something.
    [[nodiscard]] std::optional<Reply> page(std::string_view path);

    [[nodiscard]] AnswerIdentity next_identity();
    // Destroys the session, once nobody runs in it any more.
    void retire(Session& session);

    [[nodiscard]] const MockConfig& config() const { return config_; }
    [[nodiscard]] EngineDriver& engine() { return engine_; }
    [[nodiscard]] Videos& videos() { return videos_; }
    // Room to parse a head into. It belongs to whoever runs, until the next wait.
    [[nodiscard]] http::RequestHead& scratch_head() { return scratch_head_; }

private:
    struct Sweep final : net::Wakeable {
        explicit Sweep(Server& owner, net::EventLoop& loop) : Wakeable(loop), server(owner) {}
        void run() override { server.retired_.clear(); }
        Server& server;
    };

    void accept(int fd);

    net::EventLoop& loop_;
    MockConfig config_;
    EngineDriver engine_;
    Videos videos_;
    http::RequestHead scratch_head_;
    std::uint64_t answers_ = 0;
    std::list<Session> sessions_;
    std::list<Session> retired_;
    Sweep sweep_;
    net::Listener listener_;
};

}  // namespace weir::mock
