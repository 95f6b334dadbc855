#pragma once
// A request on its way to an endpoint, as tests write it.

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "downstream/transfer/dispatch.hpp"
#include "support/test_bed.hpp"

namespace weir::test {

struct DispatchBed : TestBed {
    static constexpr std::string_view kHead = "POST /v1/x HTTP/1.1\r\nHost: model:80\r\nVia: 1.1 w\r\n\r\n";
    static constexpr std::string_view kAnswer = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n";

    explicit DispatchBed(std::uint32_t slots = 8) : TestBed(slots) { backend_end->says(kAnswer); }

    // From here on the backend answers once it has `text`.
    void answer_after(std::string text, std::string_view answer) {
        backend_end->forget();
        backend_end->on_write = [this, text = std::move(text), answer](std::string_view /*bytes*/) {
            if (backend_end->written == text) backend_end->says(answer);
        };
    }
    // The body is still at the client, which has said how it frames it.
    void expect_body(http::Framing framing, std::uint64_t length = 0) {
        rest.emplace(framing, length);
        request.rest = &*rest;
        request.framing = framing;
    }
    downstream::DispatchEnd go(int minor_version = 1) {
        request.body = &body;
        dispatch.emplace(client, presence, progress, *connection, request, timeouts, timeouts.first_byte,
                         began + timeouts.total, minor_version);
        return run(dispatch->run());
    }

    SegmentedText body;
    std::optional<http::BodyReader> rest;
    downstream::OutboundRequest request{
        .before_host = kHead.substr(0, 27), .host = kHead.substr(27, 8), .after_host = kHead.substr(35)};
    upstream::TimeoutConfig timeouts;
    std::optional<downstream::Dispatch> dispatch;
};

}  // namespace weir::test
