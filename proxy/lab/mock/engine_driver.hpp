#pragma once
// The engine in real time: its next event sets a timer, and each generation is notified of its progress.
//
// The engine keeps its own exact time; a timer that fires late delivers late, but the engine's next step still begins
// where the last one ended, so neither throughput nor batches depend on the timer's precision. With `speed` the
// engine's clock runs that many times faster than real time.
//
// Single-threaded: the io_context's.

#include <boost/asio/steady_timer.hpp>
#include <cstdint>
#include <functional>
#include <optional>
#include <unordered_map>
#include <vector>

#include "lab/mock/ask.hpp"
#include "lab/mock/metrics.hpp"
#include "lab/simulate/engine.hpp"

namespace weir::mock {

class EngineDriver;

// One request in the engine. It leaves the engine with this object: destroyed before its last token, it is cancelled
// and its slot free at once.
class Generation {
public:
    // `on_progress` is called whenever there is more. It must not start, cancel or destroy a generation.
    // REQUIRES: `driver` outlives this.
    Generation(EngineDriver& driver, std::function<void()> on_progress)
        : driver_(driver), on_progress_(std::move(on_progress)) {}
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
    std::function<void()> on_progress_;
    simulate::RequestId id_ = 0;  // 0: not in the engine
    TimePoint arrived_{};
    std::uint32_t prompt_tokens_ = 0;
    std::uint32_t tokens_ = 0;
    bool finished_ = false;
};

class EngineDriver {
public:
    EngineDriver(boost::asio::io_context& io, const simulate::EngineConfig& config, double speed);

    [[nodiscard]] std::string metrics(std::string_view model);
    [[nodiscard]] Totals& totals() { return totals_; }
    [[nodiscard]] TimePoint now() const;
    // The engine stands still from now on.
    void stop();

private:
    friend class Generation;
    [[nodiscard]] bool submit(Generation& generation, const Ask& ask);
    void cancel(Generation& generation);
    // Does all that the engine is due to have done by then, and sets the timer for what comes next.
    void catch_up(TimePoint to);
    void note(const simulate::EngineEvent& event);
    void settle();

    [[nodiscard]] TimePoint engine_time(TimePoint real) const;
    [[nodiscard]] TimePoint real_time(TimePoint engine) const;

    simulate::Engine engine_;
    double speed_;
    TimePoint origin_;
    boost::asio::steady_timer timer_;
    std::optional<TimePoint> timer_set_;
    bool stopped_ = false;
    std::unordered_map<simulate::RequestId, Generation*> generations_;
    std::vector<simulate::EngineEvent> events_;
    simulate::RequestId last_id_ = 0;
    Totals totals_;
};

}  // namespace weir::mock
