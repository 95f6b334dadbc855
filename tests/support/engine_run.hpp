#pragma once
// An engine driven through virtual time, and what it did to each request.

#include <map>
#include <vector>

#include "lab/simulate/engine.hpp"
#include "support/virtual_time.hpp"

namespace weir::test {

class EngineRun {
public:
    struct Outcome {
        TimePoint submitted{};
        TimePoint first_token{};
        TimePoint finished{};
        std::uint32_t tokens = 0;
        bool ended = false;

        [[nodiscard]] Duration to_first_token() const { return first_token - submitted; }
        // Between tokens, on average. REQUIRES: at least two tokens.
        [[nodiscard]] Duration per_token() const { return (finished - first_token) / (tokens - 1); }
    };

    explicit EngineRun(const simulate::EngineConfig& config) : engine(config) {}

    bool submit(simulate::RequestId id, std::uint32_t prompt, std::uint32_t output, int priority = 0) {
        outcomes[id].submitted = clock.now();
        return engine.submit(id, prompt, output, priority, clock.now());
    }

    void run_to(TimePoint instant) {
        std::vector<simulate::EngineEvent> happened;
        engine.advance(clock.advance_to(instant), happened);
        for (const auto& event : happened) record(event);
        events.insert(events.end(), happened.begin(), happened.end());
    }
    void run_for(Duration time) { run_to(clock.now() + time); }
    void run_until_idle() {
        while (const auto next = engine.next_event()) run_to(*next);
    }

    VirtualClock clock;
    simulate::Engine engine;
    std::vector<simulate::EngineEvent> events;
    std::map<simulate::RequestId, Outcome> outcomes;

private:
    void record(const simulate::EngineEvent& event) {
        using Kind = simulate::EngineEvent::Kind;
        Outcome& outcome = outcomes[event.id];
        if (event.kind == Kind::first_token) outcome.first_token = event.at;
        if (event.kind == Kind::finished) outcome.finished = event.at;
        outcome.ended = event.kind == Kind::finished;
        outcome.tokens = event.tokens;
    }
};

}  // namespace weir::test
