// An exchange whose connection becomes a WebSocket: its last step, in place of the relay.

#include <optional>

#include "ai/dialect.hpp"
#include "downstream/exchange.hpp"
#include "downstream/response_slots.hpp"
#include "downstream/tunnel.hpp"
#include "downstream/worker.hpp"

namespace weir::downstream {

net::task<void> Exchange::tunnel(std::unique_ptr<upstream::Connection> connection, std::string_view first) {
    const upstream::BackendConfig& config = route_->backend->config();
    upstream::Endpoint& endpoint = *backend().find(connection->endpoint());
    const upstream::WebSocketConfig& limits = *config.websocket;
    const http::ResponseHead& head = link_.worker.response_head();
    backend().request_succeeded(endpoint, link_.turn());
    record_.status = head.status;
    record_.first_byte = link_.now() - arrived_;
    const std::string opening = write_answer_head(head, {});
    std::optional<ResponseSlots> slots;
    if (dialect_ == Dialect::openai && ai::is_realtime(path())) {
        // It has been let in; from here on what costs something asks for itself.
        release();
        record_.method = method();
        record_.path = path();
        slots.emplace(link_, *route_,
                      ResponseSlots::Options{.ask = ask_,
                                             .record = record_,
                                             .endpoint = endpoint.id(),
                                             .first_byte = config.timeouts.first_byte,
                                             .total = config.timeouts.total});
    }
    Tunnel tunnel(
        link_, connection->stream(), slots ? &*slots : nullptr,
        {.idle = limits.idle, .end_by = link_.turn() + limits.longest, .write_timeout = link_.limits().write_timeout});
    const Reason end = co_await tunnel.run(opening, first);
    connection.reset();
    if (end != Reason::admitted) reason_ = end;
    release();
    record_.bytes_out = tunnel.server_bytes();
    record_.bytes_in += tunnel.client_bytes();
    if (group(reason_) == ReasonGroup::client) link_.stream->abort();
}

}  // namespace weir::downstream
