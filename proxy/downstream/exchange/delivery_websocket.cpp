// A delivery whose connection becomes a WebSocket.

#include <optional>

#include "ai/dialect.hpp"
#include "downstream/exchange/answer.hpp"
#include "downstream/exchange/delivery.hpp"
#include "downstream/websocket/response_slots.hpp"
#include "downstream/websocket/tunnel.hpp"

namespace weir::downstream {

net::task<void> Delivery::tunnel(std::unique_ptr<upstream::Connection> connection, std::string_view first) {
    upstream::Endpoint& endpoint = *backend().find(connection->endpoint());
    const upstream::WebSocketConfig& limits = *config().websocket;
    const http::ResponseHead& head = client_.worker.response_head();
    telemetry::Record& record = outcome_.record;
    record.status = head.status;
    record.first_byte = client_.now() - outcome_.arrived;
    const std::string opening =
        write_answer_head(client_, inbound_, caller_, prompt_, outcome_, head, {}, /*close=*/false);
    std::optional<ResponseSlots> slots;
    if (caller_.dialect == Dialect::openai && ai::is_realtime(inbound_.path())) {
        // The connection has been admitted; from here on each response is admitted on its own.
        slot_.finish();
        record.method = inbound_.method();
        record.path = inbound_.path();
        slots.emplace(client_, *caller_.route,
                      ResponseSlots::Options{.ask = caller_.ask,
                                             .record = record,
                                             .endpoint = endpoint.id(),
                                             .first_byte = config().timeouts.first_byte,
                                             .total = config().timeouts.total});
    }
    Tunnel tunnel(client_, connection->stream(), slots ? &*slots : nullptr,
                  {.idle = limits.idle,
                   .end_by = client_.turn() + limits.longest,
                   .write_timeout = client_.limits().write_timeout});
    const Reason end = co_await tunnel.run(opening, first);
    connection.reset();
    if (end != Reason::admitted) outcome_.reason = end;
    slot_.finish();
    record.bytes_out = tunnel.server_bytes();
    record.bytes_in += tunnel.client_bytes();
    if (group(outcome_.reason) == ReasonGroup::client) client_.stream->abort();
}

}  // namespace weir::downstream
