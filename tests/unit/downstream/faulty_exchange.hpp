#pragma once
// A request and its answer by way of Dispatch and Relay, as a delivery puts them together, over two streams of which
// one fails at a chosen step.

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "downstream/transfer/dispatch.hpp"
#include "downstream/transfer/relay.hpp"
#include "support/bodies.hpp"
#include "support/faulty_stream.hpp"
#include "support/test_bed.hpp"

namespace weir::test {

// What is sent, what is answered, and what the client must have of the answer's content.
struct Script {
    std::string_view head;
    std::string_view body = {};  // what is here of it
    std::string_view rest = {};  // what is still at the client, as it frames it
    http::Framing sent_rest = http::Framing::none;
    std::string_view answer;
    std::string_view client_gets;
    int interim = 0;  // answers before the final one
    bool events = false;
    bool ends_at_close = false;
};

class FaultyExchange final : private downstream::Relay::Observer {
public:
    static constexpr std::string_view kAnswerHead = "HTTP/1.1 200 OK\r\n\r\n";

    // Both streams move `bite` bytes at a time. `reused`: the connection has answered a request before.
    FaultyExchange(const Script& what, std::size_t bite, bool reused)
        : script(what), was_reused(reused), body_(std::string(what.body)), rest_content_(read_rest().content) {
        for (ScriptedStream* stream : {bed.client_end, bed.backend_end}) {
            stream->read_bite = stream->write_bite = bite;
            stream->blocks_first = true;
        }
        if (reused) bed.reuse_connection();
        bed.client_end->says(script.rest);
        bed.backend_end->on_write = [this](std::string_view /*bytes*/) {
            if (!backend_got_all()) return;
            bed.backend_end->says(script.answer);
            if (script.ends_at_close) bed.backend_end->ends();
        };
        bed.let_in();
    }

    void play(FaultPlan plan) {
        plan_ = std::move(plan);
        bed.run(exchange());
        if (bed.ticket.standing() == admission::Standing::running) bed.judge().finish(bed.ticket, bed.now);
    }

    [[nodiscard]] bool reached() const { return plan_.reached; }
    [[nodiscard]] int steps() const { return plan_.steps; }
    [[nodiscard]] bool fault_hit_client() const { return !streams_[0]->is_sound(); }
    [[nodiscard]] int failed_client_writes() const { return streams_[0]->failed_writes(); }

    [[nodiscard]] std::string fixed() const { return std::string(script.head).append(script.body); }
    [[nodiscard]] const std::string& backend_got() const { return bed.backend_end->written; }
    [[nodiscard]] bool backend_got_all() const {
        if (backend_got().size() < fixed().size()) return false;
        return script.rest.empty() || (read_sent_rest().done && read_sent_rest().content == rest_content_);
    }
    // Whatever it has is the beginning of the request.
    [[nodiscard]] bool backend_got_nothing_else() const {
        if (backend_got().size() <= fixed().size()) return fixed().starts_with(backend_got());
        return backend_got().starts_with(fixed()) && rest_content_.starts_with(read_sent_rest().content);
    }
    [[nodiscard]] bool backend_spoke() const { return bed.backend_end->given > 0; }
    [[nodiscard]] bool backend_is_clean() const {
        return streams_[1]->is_sound() && bed.backend_end->all_read() && backend_got_all();
    }
    // As a delivery decides it.
    [[nodiscard]] bool may_reuse() const {
        return keep_alive_ && sent_all_ && relay_end == downstream::RelayEnd::complete && !excess_;
    }

    [[nodiscard]] const std::string& client_got() const { return bed.client_end->written; }
    // Of a whole answer.
    [[nodiscard]] std::string client_content() const {
        const std::string_view content = std::string_view(client_got()).substr(kAnswerHead.size());
        if (!is_chunked()) return std::string(content);
        const ReadBody read = read_body(http::BodyReader(http::Framing::chunked, 0), {content});
        return read.done ? read.content : "cut off";
    }

    const Script& script;
    bool was_reused;
    downstream::DispatchEnd dispatch_end{};
    std::optional<downstream::RelayEnd> relay_end;
    bool consumed_body = false;
    bool certainly_unprocessed = false;
    bool sent_rest = false;   // of the answer
    int slot_given_back = 0;  // times
    std::string calm_output;  // what the client gets when nothing fails

private:
    net::task<void> exchange() {
        http::BodyReader rest(script.sent_rest, script.rest.size());
        const downstream::OutboundRequest request{.before_host = script.head.substr(0, 27),
                                                  .host = script.head.substr(27, 8),
                                                  .after_host = script.head.substr(35),
                                                  .body = &body_,
                                                  .rest = script.rest.empty() ? nullptr : &rest,
                                                  .framing = script.sent_rest};
        const upstream::TimeoutConfig timeouts;
        const TimePoint deadline = bed.began + timeouts.total;
        downstream::Dispatch dispatch(bed.client, bed.presence, bed.progress, *bed.connection, request, timeouts,
                                      timeouts.first_byte, deadline, 1);
        dispatch_end = co_await dispatch.run();
        consumed_body = dispatch.consumed_body();
        sent_all_ = dispatch.sent_all();
        using downstream::DispatchEnd;
        if (dispatch_end == DispatchEnd::stale || dispatch_end == DispatchEnd::reset) {
            certainly_unprocessed = dispatch.certainly_unprocessed();
        }
        if (dispatch_end != DispatchEnd::answered) co_return;
        const http::ResponseHead& head = bed.context.response_head();
        keep_alive_ = head.keep_alive;
        if (script.events) bed.progress.begin(downstream::Reading::events, false);
        downstream::Relay relay(bed.client, bed.presence, bed.progress, *this, bed.connection->stream(),
                                http::BodyReader(head.framing, head.content_length), std::string(kAnswerHead),
                                {.chunked_out = is_chunked(),
                                 .event_stream = script.events,
                                 .endpoint = &bed.endpoint,
                                 .idle_timeout = timeouts.idle,
                                 .total_deadline = deadline});
        relay_end = co_await relay.run(dispatch.rest());
        excess_ = relay.excess();
        if (relay_end == downstream::RelayEnd::complete) sent_rest = co_await bed.client.send(relay.unsent());
    }

    void answer_is_in() override {
        ++slot_given_back;
        bed.judge().finish(bed.ticket, bed.now);
    }

    [[nodiscard]] bool is_chunked() const { return script.events || script.ends_at_close; }
    [[nodiscard]] ReadBody read_rest() const {
        return read_body(http::BodyReader(script.sent_rest, script.rest.size()), {script.rest});
    }
    [[nodiscard]] ReadBody read_sent_rest() const {
        const std::string_view sent = std::string_view(backend_got()).substr(fixed().size());
        return read_body(http::BodyReader(script.sent_rest, script.rest.size()), {sent});
    }

    FaultPlan plan_;
    std::vector<FaultyStream*> streams_;  // the client's and the endpoint's
    SegmentedText body_;
    std::string rest_content_;
    bool sent_all_ = false;
    bool keep_alive_ = false;
    bool excess_ = false;

public:
    TestBed bed{1, [this](std::unique_ptr<net::ByteStream> inner) {
                    auto stream = std::make_unique<FaultyStream>(std::move(inner), plan_);
                    streams_.push_back(stream.get());
                    return stream;
                }};
};

}  // namespace weir::test
