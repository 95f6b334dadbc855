#include "downstream/exchange/head_end.hpp"

#include "http/forward.hpp"

namespace weir::downstream {
void end_head(Inbound& inbound, Upload& upload) {
    const bool ended = inbound.head_size > 0;
    if (!ended) inbound.head_size = static_cast<std::uint32_t>(inbound.head.size());
    if (!upload.done()) {
        if (!ended) http::end_request_head({inbound.framing, inbound.content_length}, inbound.head);
        return;
    }
    inbound.head.resize(inbound.head_size);
    // A body that is complete is sent with its length, however it arrived. Methods that usually have one state the
    // length even if it is zero (RFC 9110 section 8.6).
    const std::string_view method = inbound.method();
    const bool usual = method == "POST" || method == "PUT" || method == "PATCH";
    const bool has_length = inbound.has_body() || usual;
    http::end_request_head({has_length ? http::Framing::length : http::Framing::none, upload.body().size()},
                           inbound.head);
}

}  // namespace weir::downstream
