#pragma once
// What decides about a backend's requests: Weir's judge, or one of the rules that it is compared with.
//
// A controller sees what a proxy sees: arrivals, first tokens, endings, the clock. It decides which request runs on
// which endpoint, which waits and which is refused. Simulation (simulation.hpp) does the rest, the same for all of
// them.
//
//   weir        admission::Judge, the code that serves, with the policy's classes, limits and queues
//   none, cap   nothing; a fixed limit (baselines/immediate.hpp)
//   haproxy     a fixed limit, and a queue by priority behind it (baselines/queueing.hpp)
//   smg         reserved slots, promotion by age, one victim before its first byte (baselines/smg.hpp)
//   llmd        a queue by priority, held while the engines' gauges say that they are full (baselines/llmd.hpp)
//   aimd, gradient, gradient2     limits learned from latency (baselines/limiter.hpp)
//   dagor, cinnamon               thresholds on priority, learned from queues (baselines/dagor.hpp, cinnamon.hpp)
//   oracle      what knowing the answers' lengths and the engines' insides would give (baselines/oracle.hpp)
//
// A baseline has settings with defaults, changed as in `haproxy:timeout=5,slots=0.9`. S is the policy's
// capacity.requests. Not thread-safe.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "admission/config.hpp"
#include "admission/decision.hpp"
#include "admission/place.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "lab/simulate/engine.hpp"

namespace weir::simulate {

// A controller's decision on a request.
struct Ruling {
    admission::Standing standing = admission::Standing::idle;
    EndpointId endpoint = kNoEndpoint;  // where it runs
    Reason reason = Reason::admitted;   // why it has ended, when it has
    Duration retry_after{};             // the advice that goes with a refusal, before jitter; zero: none
    bool evicted = false;               // running, and to be stopped at once
};

// One try of a request, from its arrival to its last byte. The controller owns `ruling`, the place and the members
// marked as its own.
struct Visit : admission::Place {
    admission::Ask asking;
    admission::Priority priority = admission::Priority::normal;
    std::uint32_t prompt_tokens = 1;
    std::uint32_t output_tokens = 1;  // only the oracle may look
    bool answered = false;            // its first token has come
    bool complete = false;            // its last one has: its length is known now
    std::uint64_t ticket = 0;         // the controller's own, for its numbering
    std::uint64_t rank = 0;           // the controller's own, for its order
    TimePoint since{};                // the controller's own, for its clock
    TimePoint expires{};              // the controller's own, for its queue
    Ruling ruling;
};

// The visits whose ruling a call changed, except the one it was about. One that ran may have ended: it is cancelled.
using VisitChanges = std::vector<Visit*>;

// What a proxy has read of an engine's /metrics: gauge_feed.hpp.
using EngineProbe = std::function<EngineCounts(EndpointId)>;

// Of all endpoints together; zero where a controller has no such limit.
struct Gauges {
    double limit = 0;    // requests in flight that it would allow now
    double context = 0;  // LLM tokens in the engines' caches as it counts them, of those that it allows
    double prompts = 0;  // LLM tokens of prompts without a first token, of those that it allows
};

class Controller {
public:
    virtual ~Controller() = default;

    // Before anything else: the engines behind all endpoints, for those that look at them.
    virtual void connect(const EngineConfig& /*engine*/, const EngineProbe& /*probe*/) {}

    // REQUIRES: idle or ended. It waits, runs or has ended afterwards.
    virtual void arrive(Visit& visit, TimePoint now, VisitChanges& changes) = 0;
    // Its answer has begun. REQUIRES: running.
    virtual void first_token(Visit& /*visit*/, TimePoint /*now*/, VisitChanges& /*changes*/) {}
    // Its answer has reached this many tokens; called about every 16, if counts_tokens(). REQUIRES: running.
    virtual void streamed(Visit& /*visit*/, std::uint32_t /*tokens*/, TimePoint /*now*/) {}
    [[nodiscard]] virtual bool counts_tokens() const { return false; }
    // Its slot is free. REQUIRES: running.
    virtual void finish(Visit& visit, TimePoint now, VisitChanges& changes) = 0;
    // Its client left. REQUIRES: waiting.
    virtual void leave(Visit& visit, TimePoint now, VisitChanges& changes) = 0;
    // Its endpoint went before the answer began. REQUIRES: running. It waits, runs elsewhere or has ended afterwards.
    virtual void lose(Visit& visit, TimePoint now, VisitChanges& changes) = 0;
    virtual void set_available(EndpointId endpoint, bool available, TimePoint now, VisitChanges& changes) = 0;
    // To be called at next_expiry() or a little later.
    virtual void expire(TimePoint /*now*/, VisitChanges& /*changes*/) {}
    [[nodiscard]] virtual std::optional<TimePoint> next_expiry() const { return std::nullopt; }

    // How full its backend is, for rules that look at it: 1 is full. Controllers that do not know are never full.
    [[nodiscard]] virtual double pressure(TimePoint /*now*/) { return 0; }

    // What it holds its limits against, for the plots.
    [[nodiscard]] virtual Gauges gauges(TimePoint /*now*/) const { return {}; }
};

}  // namespace weir::simulate
