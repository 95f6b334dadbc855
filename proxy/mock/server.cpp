#include "mock/server.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <ctime>
#include <iterator>

#include "base/json_text.hpp"
#include "net/socket.hpp"

namespace weir::mock {

Server::Server(net::EventLoop& loop, int fd, MockConfig config)
    : loop_(loop),
      config_(std::move(config)),
      engine_(loop, config_.engine, config_.speed),
      videos_(config_.seed, config_.speed),
      sweep_(*this, loop),
      listener_(loop, fd, [this](int client, const net::SocketAddress&) { accept(client); }) {}

void Server::accept(int fd) {
    if (sessions_.size() >= config_.max_connections) {
        ++engine_.totals().refused_connections;
        ::close(fd);
        return;
    }
    net::set_no_delay(fd);
    Session& session = sessions_.emplace_back(*this, net::make_tcp_stream(loop_, fd));
    session.place = std::prev(sessions_.end());
    session.start();
}

void Server::retire(Session& session) {
    retired_.splice(retired_.end(), sessions_, session.place);
    sweep_.wake();
}

AnswerIdentity Server::next_identity() {
    return {config_.seed, ++answers_, static_cast<std::int64_t>(std::time(nullptr)), true};
}

std::optional<Reply> Server::page(std::string_view path) {
    if (path == "/health") return Reply{200, "text/plain; charset=utf-8", {}};
    if (path == "/metrics") {
        return Reply{200, "text/plain; version=0.0.4; charset=utf-8", engine_.metrics(config_.model)};
    }
    if (path == "/v1/models") {
        return Reply{200, "application/json",
                     fmt::format(R"({{"object":"list","data":[{{"id":{},"object":"model","created":0,)"
                                 R"("owned_by":"weir"}}]}})",
                                 json_string(config_.model))};
    }
    return std::nullopt;
}

}  // namespace weir::mock
