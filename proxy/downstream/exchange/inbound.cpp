#include "downstream/exchange/inbound.hpp"

#include <algorithm>
#include <utility>

#include "base/ascii.hpp"
#include "downstream/exchange/cors.hpp"
#include "http/forward.hpp"

namespace weir::downstream {
namespace {

// A client's request id is kept if it is short and plain enough to be logged unchanged.
bool is_plain_id(std::string_view id) {
    return !id.empty() && id.size() <= RequestId::kLongest && std::all_of(id.begin(), id.end(), [](char c) {
        return is_letter_or_digit(c) || c == '-' || c == '_' || c == '.';
    });
}

}  // namespace

Inbound::Inbound(Client& client)
    : texts(client.worker.texts()), id(client.worker.ids().next()), head(client.worker.texts().take()) {}

Inbound::Inbound(Client& client, const http::RequestHead& request) : Inbound(client) {
    minor_version = request.minor_version;
    framing = request.framing;
    content_length = request.content_length;
    keep_alive = request.keep_alive;
    expects_continue = request.expect_continue && has_body();
    const http::Field* brought = request.fields.find(http::FieldId::request_id);
    if (brought != nullptr && is_plain_id(brought->value)) id = RequestId(brought->value);
    head.reserve(1000);
    http::write_request_before_host(request, head);
    method_size = static_cast<std::uint32_t>(request.method.size());
    path_size = static_cast<std::uint32_t>(request.path().size());
    host_at = static_cast<std::uint32_t>(head.size());
    const auto& cors = client.config().cors;
    if (!cors) return;
    is_preflight = downstream::is_preflight(request);
    cors_fields =
        is_preflight ? preflight_fields(*cors, request.fields) : downstream::cors_fields(*cors, request.fields);
}

Inbound::~Inbound() { texts.give(std::move(head)); }

}  // namespace weir::downstream
