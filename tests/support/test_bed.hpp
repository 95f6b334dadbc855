#pragma once
// One client, one connection to an endpoint and one slot of a judge, without a network and outside any running loop:
// what is under test is stepped from wake to wake, and time moves from deadline to deadline.

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "downstream/client.hpp"
#include "downstream/transfer/client_probe.hpp"
#include "downstream/transfer/progress.hpp"
#include "support/judges.hpp"
#include "support/scripted_stream.hpp"

namespace weir::test {

// Records as they came. Their views are not to be looked at.
struct KeptRecords final : telemetry::Recorder {
    void record(const telemetry::Record& record) override { records.push_back(record); }
    void connection_opened(ListenerId /*listener*/) override { ++open; }
    void connection_closed(ListenerId /*listener*/) override { --open; }
    void connection_refused(ListenerId /*listener*/, telemetry::ConnectionRefusal why) override {
        refusals.push_back(why);
    }
    void buffered(std::int64_t delta) override {
        held += delta;
        most_held = std::max(most_held, held);
    }

    std::vector<telemetry::Record> records;
    std::vector<telemetry::ConnectionRefusal> refusals;
    std::int64_t held = 0;
    std::int64_t most_held = 0;
    int open = 0;
};

class TestBed {
public:
    static constexpr ListenerId kListener{0};

    // What stands around a stream: the client's first, then the endpoint's.
    using Wrap = std::function<std::unique_ptr<net::ByteStream>(std::unique_ptr<net::ByteStream>)>;

    // `slots`: requests that the endpoint takes at once.
    explicit TestBed(std::uint32_t slots = 8, const Wrap& wrap = {})
        : routing(make_routing(slots)),
          context(0, state, recorder, routing),
          began(context.loop().batch_time()),
          now(began),
          client(context, routing, kListener, {}, make_stream(client_end, wrap)),
          connection(std::make_unique<upstream::Connection>(endpoint, make_stream(backend_end, wrap))) {
        client_end->waiting = &client.waker;
        backend_end->waiting = &client.waker;
        loop().turn_at(now);
    }
    ~TestBed() {
        if (ticket.standing() == admission::Standing::running) release();
        if (!better_) return;
        if (better_->standing() == admission::Standing::running) judge().finish(*better_, now);
        if (better_->standing() == admission::Standing::waiting) (void)judge().leave(*better_, now);
    }
    TestBed(const TestBed&) = delete;
    TestBed& operator=(const TestBed&) = delete;

    // What happens next once all is quiet; in this order, and before any deadline passes.
    void then(std::function<void()> action) { actions_.push_back(std::move(action)); }

    // Runs `task` to its end.
    template <typename T>
    T run(net::task<T> task) {
        task.start();
        for (int turns = 0; !task.done(); ++turns) {
            if (turns > kMaxTurns) throw std::runtime_error("it goes round and round");
            if (!loop().turn_at(now)) go_on();
        }
        return task.result();
    }

    [[nodiscard]] net::EventLoop& loop() { return context.loop(); }
    [[nodiscard]] const downstream::Route& route() const { return routing->routes[0]; }
    [[nodiscard]] downstream::SharedJudge& judge() const { return *route().judge; }
    [[nodiscard]] std::uint32_t inflight() const { return judge().counts(now).classes[0].inflight; }
    void pass(Duration time) { now += time; }
    // The request is let in.
    void let_in(const admission::Ask& ask = make_ask(0)) {
        ticket.allow_cutting();
        judge().arrive(ticket, ask, now);
    }
    // It has come to its end.
    void release() { judge().finish(ticket, now); }
    // A request of a better class has waited for the slot for so long that `ticket` is to be cut short.
    // REQUIRES: one slot, which `ticket` holds.
    void evict() {
        better_.emplace(client.waker);
        judge().arrive(*better_, make_ask(1), now);
        judge().expire(now + 2500ms);
    }
    // The loop watches this descriptor for the connection.
    void watch_backend(int fd) {
        auto stream = std::make_unique<ScriptedStream>(loop(), fd);
        backend_end = stream.get();
        backend_end->waiting = &client.waker;
        connection = std::make_unique<upstream::Connection>(endpoint, std::move(stream));
    }
    // From here on the connection has answered a request before.
    void reuse_connection() {
        context.pool().give_back(std::move(connection), 1h);
        connection = context.pool().take(endpoint);
    }
    [[nodiscard]] downstream::ConnectionLimits& limits() const { return routing->listeners[0].config.limits; }
    // How much time has passed.
    [[nodiscard]] Duration elapsed() const { return now - began; }

    std::shared_ptr<downstream::Routing> routing;
    downstream::ProcessState state;
    KeptRecords recorder;
    downstream::WorkerContext context;
    TimePoint began;
    TimePoint now;
    ScriptedStream* client_end = nullptr;  // these two belong to `client` and `connection`
    ScriptedStream* backend_end = nullptr;
    downstream::Client client;
    upstream::Endpoint endpoint{EndpointId{0}, {.url = "http://a", .host = "a"}, nullptr};
    std::unique_ptr<upstream::Connection> connection;
    downstream::ClientProbe probe{client, 1};
    downstream::Ticket ticket{client.waker};
    downstream::Progress progress{judge(), ticket};

private:
    static constexpr int kMaxTurns = 100'000;

    static std::shared_ptr<downstream::Routing> make_routing(std::uint32_t slots) {
        auto routing = std::make_shared<downstream::Routing>(admission::ClientsConfig{},
                                                             std::span<const admission::JudgeClass>{}, 0);
        admission::JudgeClass cls = make_class(0, admission::Priority::sheddable);
        cls.config.preemptible = true;
        const auto config = make_config({cls, make_class(1, admission::Priority::critical)}, {slots});
        downstream::Route& route = routing->routes.emplace_back();
        route.id = cls.id;
        route.config = cls.config;
        route.judge = std::make_shared<downstream::SharedJudge>(config, Clock::now());
        routing->listeners.emplace_back().id = kListener;
        return routing;
    }

    std::unique_ptr<net::ByteStream> make_stream(ScriptedStream*& kept, const Wrap& wrap) {
        auto stream = std::make_unique<ScriptedStream>(context.loop());
        kept = stream.get();
        if (wrap) return wrap(std::move(stream));
        return stream;
    }

    void go_on() {
        if (!actions_.empty()) {
            const std::function<void()> action = std::move(actions_.front());
            actions_.pop_front();
            action();
            return;
        }
        if (client.timer.when() == TimePoint::max()) throw std::runtime_error("it waits without a deadline");
        now = std::max(now, client.timer.when());
    }

    std::deque<std::function<void()>> actions_;
    std::optional<downstream::Ticket> better_;
};

}  // namespace weir::test
