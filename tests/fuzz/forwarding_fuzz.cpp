// Forwarded heads: our own parser accepts them, with one framing, in canonical form, without anything that a caller may
// not claim.

#include <string>

#include "fuzz/input.hpp"
#include "http/forward.hpp"
#include "http/strict.hpp"

using namespace weir;
using http::FieldId;
using http::Framing;
using http::ParseStatus;
using test::require;

namespace {

const http::RequestExtras kExtras{
    .forwarded_for = "192.0.2.1", .over_tls = true, .request_id = "id-1", .traceparent = {}, .pseudonym = "weir-test"};

std::size_t count(const http::FieldTable& fields, FieldId id) {
    std::size_t found = 0;
    for (const http::Field& field : fields) found += field.id == id ? 1 : 0;
    return found;
}

void forward_request(const http::RequestHead& head) {
    static http::RequestHead again;
    std::string text;
    http::write_request_before_host(head, text);
    text.append("backend:80");
    http::write_request_after_host(head, kExtras, text);
    http::end_request_head({head.framing, head.content_length}, text);

    const http::HeadLimits limits{.bytes = 1 << 20, .fields = 250, .target = 1 << 20};
    const http::ParseResult result = http::parse_request(text, limits, again);
    require(result.status == ParseStatus::complete && result.consumed == text.size());
    require(again.method == head.method && again.target == head.target);
    require(again.framing == head.framing && again.content_length == head.content_length);
    require(count(again.fields, FieldId::host) == 1 && again.keep_alive);
    require(!again.fields.has(FieldId::connection) && !again.fields.has(FieldId::hop_by_hop));
    require(!again.fields.has(FieldId::te) && !again.fields.has(FieldId::upgrade));
    require(!again.fields.has(FieldId::expect));
    require(count(again.fields, FieldId::forwarded_for) == 1 && count(again.fields, FieldId::request_id) == 1);
    require(again.fields.find(FieldId::forwarded_for)->value == "192.0.2.1");
    // Ours: X-Forwarded-Proto, and X-Forwarded-Host where there is an authority.
    require(count(again.fields, FieldId::identity) == (head.authority.empty() ? 1U : 2U));
    require(http::seen_before(again.fields, "weir-test"));
}

void forward_response(const http::ResponseHead& head, bool to_head) {
    static http::ResponseHead again;
    std::string text;
    http::write_response_head(
        head, {.request_id = "id-1", .pseudonym = "weir-test", .head_only = to_head},
        {head.framing == Framing::until_close ? Framing::chunked : head.framing, head.content_length}, text);
    const http::HeadLimits limits{.bytes = 1 << 20, .fields = 250, .target = 1 << 20};
    const http::ParseResult result = http::parse_response(text, limits, to_head, again);
    require(result.status == ParseStatus::complete && result.consumed == text.size());
    require(again.status == head.status);
    require(!again.fields.has(FieldId::hop_by_hop) && !again.fields.has(FieldId::connection));
    require(count(again.fields, FieldId::content_length) + count(again.fields, FieldId::transfer_encoding) <= 1);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static http::RequestHead request;
    static http::ResponseHead response;
    const test::FuzzInput input(data, size);
    if ((input.choice & 1) != 0) {
        const bool to_head = (input.choice & 2) != 0;
        if (http::parse_response(input.bytes, {}, to_head, response).status == ParseStatus::complete) {
            forward_response(response, to_head);
        }
    } else if (http::parse_request(input.bytes, {}, request).status == ParseStatus::complete) {
        forward_request(request);
    }
    return 0;
}
