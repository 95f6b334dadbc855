// One exchange, run repeatedly with every step of its I/O failing in every way. Whatever fails: the slot is released
// once, the client gets one answer or an abort, one record is emitted, and the next request on the same worker gets no
// broken connection.

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <string>
#include <vector>

#include "downstream/worker.hpp"
#include "gateway/assembly.hpp"
#include "support/faulty_stream.hpp"
#include "support/loop.hpp"
#include "support/policies.hpp"
#include "support/sockets.hpp"

namespace weir::downstream {
namespace {

using test::Fault;
using test::FaultPlan;
using test::FaultyStream;

constexpr std::string_view kPolicy = R"(
version: 1
workers: 1
listeners:
  - name: public
    bind: 127.0.0.1:0
    limits: { header_timeout: 5ms, body_timeout: 5ms, idle_timeout: 5ms, write_timeout: 5ms }
backends:
  - name: model
    endpoints: http://127.0.0.1:1
    capacity: { requests: 1 }
    ejection: { failures: 0 }
    timeouts: { connect: 1ms, first_byte: 5ms, whole_answer: 5ms, idle: 5ms, total: 2s, keep_alive: 1h }
classes:
  - { name: everyone, match: any, backend: model }
)";

// The request, the answer, and the part of the answer's body that the client must get.
struct Scenario {
    std::string request;
    std::string answer;
    std::string body;       // as it is framed towards the client
    std::string last = {};  // the last bytes of the request at the endpoint; empty: the end of its head
};

struct Listening final : telemetry::Recorder {
    void record(const telemetry::Record& record) override { reasons.push_back(record.reason); }
    void connection_opened(ListenerId /*listener*/) override {}
    void connection_closed(ListenerId /*listener*/) override { on_closed(); }
    void connection_refused(ListenerId /*listener*/, telemetry::ConnectionRefusal /*why*/) override {}
    void buffered(std::int64_t delta) override { held += delta; }

    std::vector<Reason> reasons;
    std::int64_t held = 0;
    std::function<void()> on_closed = [] {};
};

// A worker with one pooled connection to its endpoint, and clients one after the other.
class Stage {
public:
    explicit Stage(const Scenario& scenario) : scenario_(scenario) {
        static const policy::Policy policy = test::policy_of(kPolicy);
        assembly_ = gateway::assemble(numbering::number(policy, names_).value(), nullptr, 1, Clock::now()).value();
        worker_ = std::make_unique<Worker>(0, state_, recorder_, assembly_.routing);
        upstream_ = test::unix_pair();
    }

    // The first client meets the fault, the second none. False when the exchange has fewer steps than the plan.
    bool play(int fail_at, Fault fault) {
        plan_ = {.fail_at = fail_at, .fault = fault, .cancel = [this] { client_.far.close(); }};
        recorder_.on_closed = [this] {
            recorder_.on_closed = [this] { loop().post([this] { loop().stop(); }); };
            loop().post([this] { play_second(); });
        };
        loop().post([this] {
            auto stream = std::make_unique<FaultyStream>(loop(), upstream_.near.release(), plan_);
            stream->on_write = [this](std::string_view bytes) { answer(bytes); };
            pooled_ = stream.get();
            worker_->pool().give_back(std::make_unique<upstream::Connection>(endpoint(), std::move(stream)), 1h);
            start_client();
        });
        run();
        return plan_.reached;
    }

    std::string first;  // what the clients were sent
    std::string second;
    std::size_t records_of_first = 0;
    bool first_ended_cleanly = false;
    bool had_pooled = false;  // when the second begins
    std::uint32_t inflight_at_last_byte = 0;
    Listening recorder_;

    [[nodiscard]] std::uint32_t inflight() const {
        return assembly_.benches[0].judge->counts(Clock::now()).classes[0].inflight;
    }
    [[nodiscard]] std::uint32_t waiting() const {
        return assembly_.benches[0].judge->counts(Clock::now()).classes[0].waiting;
    }
    [[nodiscard]] std::int64_t bodies_held() const { return state_.buffered_bytes.load(); }

private:
    net::EventLoop& loop() { return worker_->loop(); }
    const upstream::Endpoint& endpoint() { return *assembly_.benches[0].backend->endpoints()[0]; }

    void answer(std::string_view bytes) {
        received_ += bytes;
        if (!received_.ends_with(scenario_.last.empty() ? "\r\n\r\n" : scenario_.last)) return;
        received_.clear();
        if (upstream_.far.get() >= 0) upstream_.far.send(scenario_.answer);
    }

    void start_client() {
        client_ = test::unix_pair();
        client_.far.send(scenario_.request);
        auto stream = std::make_unique<FaultyStream>(loop(), client_.near.release(), plan_);
        // A client that sees the end closes too.
        stream->on_shutdown = [this] {
            ended_cleanly_ = true;
            collect();
        };
        stream->on_write = [this](std::string_view /*bytes*/) {
            collect_bytes();
            inflight_at_last_byte = inflight();
        };
        worker_->serve(assembly_.routing->listeners[0].id, {}, std::move(stream));
    }

    void collect_bytes() {
        if (client_.far.get() >= 0) taken_ += client_.far.receive();
    }
    void collect() {
        collect_bytes();
        client_.far.close();
    }

    void play_second() {
        collect();
        first = std::exchange(taken_, {});
        first_ended_cleanly = std::exchange(ended_cleanly_, false);
        records_of_first = recorder_.reasons.size();
        had_pooled = worker_->pool().size() > 0;
        plan_.fail_at = 0;
        received_.clear();
        start_client();
    }

    void run() {
        test::Probe bark(loop(), [this] {
            ADD_FAILURE() << "the exchange hangs";
            loop().stop();
        });
        net::Timer watchdog(loop().timers(), bark);
        loop().post([&] { watchdog.set(loop().now() + std::chrono::seconds(5)); });
        loop().run();
        collect();
        second = std::exchange(taken_, {});
    }

    const Scenario& scenario_;
    numbering::Names names_;
    gateway::Assembly assembly_;
    ProcessState state_;
    FaultPlan plan_;
    std::unique_ptr<Worker> worker_;
    test::SocketPair upstream_;
    test::SocketPair client_;
    FaultyStream* pooled_ = nullptr;
    std::string received_;  // at the endpoint, of one request
    std::string taken_;     // by the client
    bool ended_cleanly_ = false;
};

int count(std::string_view text, std::string_view word) {
    int found = 0;
    for (std::size_t at = text.find(word); at != std::string_view::npos; at = text.find(word, at + 1)) ++found;
    return found;
}

std::string_view body_of(std::string_view answer) {
    const std::size_t end = answer.find("\r\n\r\n");
    return end == std::string_view::npos ? std::string_view{} : answer.substr(end + 4);
}

std::string_view without_interim(std::string_view text) {
    constexpr std::string_view kInterim = "HTTP/1.1 100 Continue\r\n\r\n";
    while (text.starts_with(kInterim)) text.remove_prefix(kInterim.size());
    return text;
}

// A stream that failed has an error event behind what passed, in a chunk of its own.
std::string_view without_error(std::string_view body) {
    const std::size_t error = body.rfind("data: {\"error\":");
    if (error == std::string_view::npos) return body;
    const std::size_t size_end = body.rfind("\r\n", error);
    const std::size_t before = size_end > 0 ? body.rfind("\r\n", size_end - 1) : std::string_view::npos;
    return before == std::string_view::npos ? std::string_view{} : body.substr(0, before + 2);
}

void expect_sound(const Scenario& scenario, const Stage& stage) {
    EXPECT_EQ(stage.inflight(), 0U);
    EXPECT_EQ(stage.waiting(), 0U);
    EXPECT_EQ(stage.bodies_held(), 0);
    EXPECT_EQ(stage.recorder_.held, 0);
    EXPECT_LE(stage.records_of_first, 1U);
    EXPECT_EQ(stage.recorder_.reasons.size(), stage.records_of_first + 1);

    const std::string_view first = without_interim(stage.first);
    EXPECT_LE(count(first, "HTTP/1.1 "), 1) << first;
    for (const Reason reason : stage.recorder_.reasons) {
        EXPECT_NE(reason, Reason::total_timeout) << "a wait had no deadline of its own";
    }
    const bool served = stage.records_of_first == 1 && group(stage.recorder_.reasons[0]) == ReasonGroup::admitted;
    if (first.starts_with("HTTP/1.1 200")) {
        const std::string_view body = served ? body_of(first) : without_error(body_of(first));
        EXPECT_TRUE(scenario.body.starts_with(body)) << "the client got bytes that were never sent: " << body;
        // A complete answer was served, and a served answer is complete unless the client did not take it.
        if (served) {
            EXPECT_EQ(body, scenario.body);
        }
        // An error event says so itself, and the final chunk is missing.
        const bool says_so = body.size() < body_of(first).size() && !first.ends_with("0\r\n\r\n");
        if (body != scenario.body && !says_so) {
            EXPECT_FALSE(stage.first_ended_cleanly) << "a truncated answer looks complete: " << body;
        }
        // Only the last byte completes an answer: a truncated one never looks complete.
        if (!served && body == scenario.body) {
            EXPECT_EQ(group(stage.recorder_.reasons[0]), ReasonGroup::client);
        }
    }
    const std::string_view second = without_interim(stage.second);
    if (stage.had_pooled) {
        EXPECT_TRUE(second.starts_with("HTTP/1.1 200") || second.starts_with("HTTP/1.1 50")) << second;
        if (second.starts_with("HTTP/1.1 200")) {
            EXPECT_EQ(body_of(second), scenario.body);
        }
    } else {
        EXPECT_TRUE(second.starts_with("HTTP/1.1 50")) << second;
    }
}

const std::vector<Scenario>& scenarios() {
    static const std::string json = R"({"model":"m","stream":true,"messages":[{"role":"user","content":"hello"}]})";
    static const std::vector<Scenario> all = {
        {"GET /a HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\nhello world",
         "hello world"},
        {"POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: " +
             std::to_string(json.size()) + "\r\n\r\n" + json,
         "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
         "9\r\ndata: 1\n\n\r\n9\r\ndata: 2\n\n\r\n0\r\n\r\n",
         {},
         json.substr(1)},  // Weir inserts its request for usage before it
        {"POST /v1/embeddings HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nTransfer-Encoding: "
         "chunked\r\n\r\n7\r\n{\"a\":1}\r\n0\r\n\r\n",
         "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", "ok",
         "{\"a\":1}"},  // all of it has arrived, so it is sent with its length
        // To an HTTP/1.0 client an answer of unknown length ends with the connection.
        {"GET /a HTTP/1.0\r\nHost: a\r\n\r\n",
         "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n14\r\nhello to all of you!\r\n5\r\nworld\r\n0\r\n\r\n",
         "hello to all of you!world"},
    };
    return all;
}

class EveryStep : public testing::TestWithParam<std::size_t> {};

TEST_P(EveryStep, FailingInEveryWayLosesNothing) {
    Scenario scenario = scenarios()[GetParam()];
    int steps = 0;
    {
        Stage calm(scenario);
        calm.play(0, Fault::reset);
        ASSERT_TRUE(calm.had_pooled) << "the connection was not kept: " << calm.first;
        ASSERT_TRUE(without_interim(calm.first).starts_with("HTTP/1.1 200")) << calm.first;
        // Otherwise a client that sends its next request at once would find its own slot taken.
        EXPECT_EQ(calm.inflight_at_last_byte, 0U) << "the client had its answer before the slot was given back";
        // Chunks are reframed: an exchange in which nothing fails shows how.
        if (scenario.body.empty()) scenario.body = body_of(without_interim(calm.first));
        expect_sound(scenario, calm);
    }
    for (const Fault fault : {Fault::reset, Fault::end, Fault::silence, Fault::cancel}) {
        for (int step = 1; step < 200; ++step) {
            SCOPED_TRACE("fault " + std::to_string(static_cast<int>(fault)) + " at step " + std::to_string(step));
            Stage stage(scenario);
            if (!stage.play(step, fault)) break;
            expect_sound(scenario, stage);
            steps = std::max(steps, step);
            if (HasFailure()) return;
        }
    }
    EXPECT_GT(steps, 5);
}

INSTANTIATE_TEST_SUITE_P(Exchanges, EveryStep, testing::Range<std::size_t>(0, 4));

}  // namespace
}  // namespace weir::downstream
