#pragma once
// One client of one worker, for tests that put the steps of a request together by hand. No loop runs but where a test
// says so: time stands still, and a coroutine goes on when the test resumes it.

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "downstream/exchange/caller.hpp"
#include "downstream/exchange/outcome.hpp"
#include "support/routings.hpp"
#include "support/sockets.hpp"

namespace weir::test {

// Keeps the records, and the texts that they only view.
class KeepingRecorder final : public telemetry::Recorder {
public:
    void record(const telemetry::Record& record) override {
        telemetry::Record kept = record;
        for (std::string_view* text : {&kept.gate, &kept.degraded, &kept.request_id, &kept.trace_id, &kept.key_name,
                                       &kept.method, &kept.path, &kept.model}) {
            *text = texts_.emplace_back(*text);
        }
        records.push_back(kept);
    }
    void connection_opened(ListenerId /*listener*/) override {}
    void connection_closed(ListenerId /*listener*/) override {}
    void connection_refused(ListenerId /*listener*/, telemetry::ConnectionRefusal /*why*/) override {}
    void buffered(std::int64_t delta) override { held += delta; }

    std::vector<telemetry::Record> records;
    std::int64_t held = 0;  // bytes that are buffered

private:
    std::deque<std::string> texts_;
};

// Resumes what waits for `waker` until it has ended, at most `most` times. False when it waits even then.
template <typename T>
bool resume_to_end(net::task<T>& task, net::Waker& waker, int most = 1000) {
    for (int resumed = 0; !task.done() && resumed < most; ++resumed) waker.run();
    return task.done();
}

class OneClient {
public:
    explicit OneClient(std::shared_ptr<const downstream::Routing> routing,
                       const IpAddress& peer = IpAddress::parse("192.0.2.1").value())
        : worker(0, state, recorder, routing),
          sockets_(unix_pair()),
          far(std::move(sockets_.far)),
          client(worker, routing, ListenerId{0}, peer, net::make_tcp_stream(worker.loop(), sockets_.near.release())) {
        client.source().ready.writable = true;
    }
    explicit OneClient(const RoutingParts& parts = {}) : OneClient(make_routing(parts)) {}

    // As if the loop had seen the bytes come.
    void sends(std::string_view bytes) {
        far.send(bytes);
        client.source().ready.readable = true;
    }
    // Runs what has been posted to the loop, and all that is woken by it; the clock moves.
    void run_posted() {
        worker.loop().io().restart();
        worker.loop().io().poll();
    }

    downstream::ProcessState state;
    KeepingRecorder recorder;
    downstream::WorkerContext worker;

private:
    SocketPair sockets_;

public:
    Descriptor far;  // the client's own end
    downstream::Client client;
};

// A request of a client, as far as its head tells.
class Arrival {
public:
    Arrival(OneClient& from, std::string head_text)
        : text_(std::move(head_text)),
          head(parsed(text_, from.client.config().paths)),
          inbound(from.client, *head),
          outcome(from.client, inbound),
          caller(downstream::identify(from.client, inbound, *head, outcome)) {}

private:
    static std::unique_ptr<http::RequestHead> parsed(std::string_view text, downstream::PathForm paths) {
        auto head = std::make_unique<http::RequestHead>();
        const auto result = http::parse_request(text, {.raw_paths = paths == downstream::PathForm::raw}, *head);
        EXPECT_EQ(result.status, http::ParseStatus::complete) << text << result.detail;
        return head;
    }

    std::string text_;

public:
    std::unique_ptr<http::RequestHead> head;
    downstream::Inbound inbound;
    downstream::Outcome outcome;
    downstream::Caller caller;
};

// What a step has come to.
inline std::string_view word(const downstream::Passed& no) {
    return no ? name(no->reason) : std::string_view("passed");
}

// A POST to `path` with these fields, each ended by CRLF.
inline std::string post_to(std::string_view path, std::string_view fields = {}) {
    return std::string("POST ").append(path).append(" HTTP/1.1\r\nHost: a\r\n").append(fields).append("\r\n");
}
inline std::string get_of(std::string_view path, std::string_view fields = {}) {
    return std::string("GET ").append(path).append(" HTTP/1.1\r\nHost: a\r\n").append(fields).append("\r\n");
}
// The fields of a body of JSON.
inline std::string json_fields(std::size_t length) {
    return "Content-Type: application/json\r\nContent-Length: " + std::to_string(length) + "\r\n";
}

}  // namespace weir::test
