#pragma once
// The engine in real time: its next event sets a timer, and what happens wakes whoever it happens to.
//
// The engine keeps its own exact time; a timer that fires a tick late (4 ms) delivers late, but the engine's next step
// still begins where the last one ended, so neither throughput nor batches depend on the wheel's precision. With
// `speed` the engine's clock runs that many times faster than the world's.
//
// Single-threaded: the loop's.

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "mock/ask.hpp"
#include "mock/metrics.hpp"
#include "net/event_loop.hpp"
#include "simulate/engine.hpp"

namespace weir::mock {

class EngineDriver;

// One request in the engine. It leaves the engine with this object: destroyed before its last token, it is cancelled
// and its slot free at once.
class Generation {
public:
    // `waker` is woken whenever there is more. REQUIRES: both outlive this.
    Generation(EngineDriver& driver, net::Wakeable& waker) : driver_(driver), waker_(waker) {}
    ~Generation();
    Generation(const Generation&) = delete;
    Generation& operator=(const Generation&) = delete;

    // False when it could never fit into the engine's KV cache. REQUIRES: not started.
    [[nodiscard]] bool start(const Ask& ask);

    [[nodiscard]] std::uint32_t tokens() const { return tokens_; }  // given out so far
    [[nodiscard]] bool finished() const { return finished_; }

private:
    friend class EngineDriver;
    EngineDriver& driver_;
    net::Wakeable& waker_;
    simulate::RequestId id_ = 0;  // 0: not in the engine
    TimePoint arrived_{};
    std::uint32_t prompt_tokens_ = 0;
    std::uint32_t tokens_ = 0;
    bool finished_ = false;
};

class EngineDriver final : private net::Wakeable {
public:
    EngineDriver(net::EventLoop& loop, const simulate::EngineConfig& config, double speed);

    [[nodiscard]] std::string metrics(std::string_view model);
    [[nodiscard]] Totals& totals() { return totals_; }

private:
    friend class Generation;
    void run() override { catch_up(); }
    [[nodiscard]] bool submit(Generation& generation, const Ask& ask);
    void cancel(Generation& generation);
    // Does all that the engine is due to have done by now, and sets the timer for what comes next.
    void catch_up();
    void note(const simulate::EngineEvent& event);
    void settle();

    [[nodiscard]] TimePoint engine_time(TimePoint real) const;
    [[nodiscard]] TimePoint real_time(TimePoint engine) const;

    simulate::Engine engine_;
    double speed_;
    TimePoint origin_;
    net::Timer timer_;
    std::unordered_map<simulate::RequestId, Generation*> generations_;
    std::vector<simulate::EngineEvent> events_;
    simulate::RequestId last_id_ = 0;
    Totals totals_;
};

}  // namespace weir::mock
