#include "downstream/exchange/head_end.hpp"

#include "downstream/transfer/framing.hpp"
#include "http/forward.hpp"

namespace weir::downstream {
namespace {

// The rest of the body is still at the client.
void end_open_head(Inbound& inbound, Upload& upload) {
    SegmentedText& body = upload.body();
    http::end_request_head({inbound.framing, inbound.content_length}, inbound.head);
    // The part of a chunked body that was read ahead is sent as a chunk of its own.
    if (inbound.framing == http::Framing::chunked && !body.empty()) {
        inbound.head.append(ChunkSize(body.size()).text());
        body.append("\r\n");
    }
}

}  // namespace

void end_head(Inbound& inbound, Upload& upload) {
    const bool ended = inbound.head_size > 0;
    if (!ended) inbound.head_size = static_cast<std::uint32_t>(inbound.head.size());
    if (!upload.done()) {
        if (!ended) end_open_head(inbound, upload);
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
