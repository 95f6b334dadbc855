// A request and its answer over two streams, again and again, with each step of their I/O failing in each way.

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "unit/downstream/faulty_exchange.hpp"

namespace weir::downstream {
namespace {

using test::Fault;
using test::FaultyExchange;
using test::Script;

constexpr std::string_view kHead = "POST /v1/x HTTP/1.1\r\nHost: model:80\r\n\r\n";

// The body is here, and the answer has a length.
Script short_one() {
    return {.head = kHead,
            .body = "{\"a\":1}",
            .answer = "HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\nhello world",
            .client_gets = "hello world"};
}

// The body comes while it goes on, and the answer is a stream.
Script streamed_one() {
    return {.head = kHead,
            .rest = "3\r\nabc\r\n1\r\nd\r\n0\r\n\r\n",
            .sent_rest = http::Framing::chunked,
            .answer =
                "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
                "9\r\ndata: 1\n\n\r\n9\r\ndata: 2\n\n\r\n0\r\n\r\n",
            .client_gets = "data: 1\n\ndata: 2\n\n",
            .events = true};
}

// The endpoint says what it thinks first, and then ends with its connection.
Script closing_one() {
    return {.head = kHead,
            .rest = "0123456789",
            .sent_rest = http::Framing::length,
            .answer = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.0 200 OK\r\n\r\nhello",
            .client_gets = "hello",
            .interim = 1,
            .ends_at_close = true};
}

// What holds whatever fails, and when.
void expect_invariants(const FaultyExchange& exchange) {
    EXPECT_EQ(exchange.bed.recorder.held, 0) << "bytes are counted as held after the end";
    EXPECT_EQ(exchange.bed.inflight(), 0U) << "the slot is still held";
    EXPECT_LE(exchange.slot_given_back, 1);
    EXPECT_LE(exchange.failed_client_writes(), 1 + exchange.script.interim)
        << "it goes on writing to a client that has left";
    EXPECT_TRUE(exchange.backend_got_nothing_else());
    if (exchange.dispatch_end != DispatchEnd::answered) {
        EXPECT_EQ(exchange.client_got(), "") << "no answer has begun";
        if (exchange.certainly_unprocessed) {
            EXPECT_FALSE(exchange.backend_got_all()) << "what is sent again may be done twice";
        }
        const bool streamed = exchange.backend_got().size() > exchange.fixed().size();
        EXPECT_TRUE(exchange.consumed_body || !streamed) << "what is sent again would lack its beginning";
        return;
    }
    EXPECT_TRUE(exchange.calm_output.starts_with(exchange.client_got())) << exchange.client_got();
    const bool complete = exchange.relay_end == RelayEnd::complete;
    if (complete) {
        EXPECT_EQ(exchange.slot_given_back, 1);
    }
    if (!complete || !exchange.sent_rest) {
        EXPECT_TRUE(exchange.fault_hit_client() || exchange.client_got() != exchange.calm_output)
            << "what was cut off looks whole";
    }
    if (exchange.may_reuse()) {
        EXPECT_TRUE(exchange.backend_is_clean()) << "the next request would meet the rest of this one";
    }
}

// What the step that failed is to be called.
void expect_right_end(const FaultyExchange& exchange, Fault fault) {
    const bool silent = fault == Fault::silence;
    const bool answered = exchange.dispatch_end == DispatchEnd::answered;
    if (exchange.fault_hit_client()) {
        if (!answered) {
            const auto expected = silent ? DispatchEnd::body_timed_out : DispatchEnd::client_gone;
            EXPECT_EQ(exchange.dispatch_end, expected);
        } else if (exchange.relay_end != RelayEnd::complete) {
            EXPECT_EQ(exchange.relay_end, silent ? RelayEnd::client_stalled : RelayEnd::client_gone);
        } else {
            EXPECT_FALSE(exchange.sent_rest) << "a broken client has got all";
        }
        return;
    }
    if (!answered) {
        const auto broken = exchange.was_reused && !exchange.backend_spoke() ? DispatchEnd::stale : DispatchEnd::reset;
        EXPECT_EQ(exchange.dispatch_end, silent ? DispatchEnd::timed_out : broken);
    } else if (exchange.script.ends_at_close && fault == Fault::end) {
        EXPECT_EQ(exchange.relay_end, RelayEnd::complete) << "nothing tells it from the end of the answer";
    } else {
        EXPECT_EQ(exchange.relay_end, silent ? RelayEnd::backend_stalled : RelayEnd::backend_died);
    }
}

struct Case {
    const char* name;
    Script (*script)();
    std::size_t bite;
    bool reused;
};

class TransferEveryStep : public testing::TestWithParam<Case> {};

TEST_P(TransferEveryStep, FailingInEveryWayIsTakenForWhatItIs) {
    const Script script = GetParam().script();
    FaultyExchange calm(script, GetParam().bite, GetParam().reused);
    calm.play({});
    ASSERT_EQ(calm.dispatch_end, DispatchEnd::answered);
    ASSERT_EQ(calm.relay_end, RelayEnd::complete);
    ASSERT_EQ(calm.client_content(), script.client_gets);
    ASSERT_TRUE(calm.backend_got_all());
    ASSERT_EQ(calm.may_reuse(), !script.ends_at_close);
    calm.calm_output = calm.client_got();
    expect_invariants(calm);
    for (const Fault fault : {Fault::reset, Fault::end, Fault::silence}) {
        for (int step = 1; step <= calm.steps(); ++step) {
            SCOPED_TRACE("fault " + std::to_string(static_cast<int>(fault)) + " at step " + std::to_string(step));
            FaultyExchange exchange(script, GetParam().bite, GetParam().reused);
            exchange.calm_output = calm.calm_output;
            exchange.play({.fail_at = step, .fault = fault});
            ASSERT_TRUE(exchange.reached());
            expect_invariants(exchange);
            expect_right_end(exchange, fault);
            if (HasFailure()) return;
        }
    }
    EXPECT_GT(calm.steps(), 5);
}

INSTANTIATE_TEST_SUITE_P(Exchanges, TransferEveryStep,
                         testing::Values(Case{"Short", short_one, 40, false}, Case{"ShortReused", short_one, 40, true},
                                         Case{"ByteByByte", short_one, 1, false},
                                         Case{"Streamed", streamed_one, 16, false},
                                         Case{"StreamedReused", streamed_one, 5, true},
                                         Case{"EndsAtClose", closing_one, 16, false}),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace weir::downstream
