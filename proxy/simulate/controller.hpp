#pragma once
// Who decides at the door of a backend: Weir's judge, or one of the rules that it is compared with.
//
// A controller sees what a proxy sees: arrivals, first tokens, endings, the clock. It says who runs on which endpoint,
// who waits and who is refused. The world (world.hpp) does the rest, the same for all of them.
//
//   weir      admission::Judge, the code that serves, with the policy's classes, limits and lines
//   none      everything goes to the endpoint with fewest requests in flight
//   cap       at most S requests on each endpoint; one more is refused
//   haproxy   at most S requests on each endpoint; the rest queues without bound, the best priority first, and is
//             refused after 2 s (`maxconn`, `set-priority-class`, `timeout queue`)
//
// S is the policy's capacity.requests. Not thread-safe.

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "admission/config.hpp"
#include "admission/decision.hpp"
#include "admission/place.hpp"
#include "base/time.hpp"

namespace weir::simulate {

// What a controller says of a request.
struct Ruling {
    admission::Standing standing = admission::Standing::idle;
    EndpointId endpoint = kNoEndpoint;  // where it runs
    Reason reason = Reason::admitted;   // why it has ended, when it has
    Duration retry_after{};             // the advice that goes with a refusal, before jitter; zero: none
    bool evicted = false;               // running, and to be cut short at once
};

// A request at the door: one try of it, from its arrival to its last byte. The controller owns `ruling` and the place.
struct Visit : admission::Place {
    admission::Ask asking;
    admission::Priority priority = admission::Priority::normal;
    std::uint32_t prompt_tokens = 1;
    std::uint64_t ticket = 0;  // for a controller's own numbering
    TimePoint since{};         // for a controller's own clock
    Ruling ruling;
};

// The visits whose ruling a call changed, but for the one it was about.
using VisitChanges = std::vector<Visit*>;

class Controller {
public:
    virtual ~Controller() = default;

    // REQUIRES: idle or ended. It waits, runs or has ended afterwards.
    virtual void arrive(Visit& visit, TimePoint now, VisitChanges& changes) = 0;
    // Its answer has begun. REQUIRES: running.
    virtual void first_token(Visit& /*visit*/, TimePoint /*now*/, VisitChanges& /*changes*/) {}
    // Its answer has come to so many tokens; told about every 16, to those who count them. REQUIRES: running.
    virtual void streamed(Visit& /*visit*/, std::uint32_t /*tokens*/) {}
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
};

[[nodiscard]] std::span<const std::string_view> controller_names();

// Null for a name that is none. The endpoints' limits and the classes come from `config`.
[[nodiscard]] std::unique_ptr<Controller> make_controller(std::string_view name, const admission::JudgeConfig& config,
                                                          TimePoint now);

}  // namespace weir::simulate
