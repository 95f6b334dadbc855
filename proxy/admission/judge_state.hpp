#pragma once
// What the judge keeps, and the steps of its law. Only judge.cpp and judge_state.cpp include this.
//
// Invariants between calls:
//   every place with a client slot is counted in its class's contract; it is waiting or running, and no other is
//   a waiting place is in the line of its class and in the expiry order; a running one holds one slot of its endpoint
//   no waiting place has expired, and the head of the first class with somebody waiting fits nowhere, as of now_

#include <memory>
#include <optional>
#include <vector>

#include "admission/gate/gate.hpp"
#include "admission/gate/room.hpp"
#include "admission/judge.hpp"
#include "admission/line/line.hpp"
#include "admission/rate_limit/contract.hpp"

namespace weir::admission {

struct Judge::State {
    struct Class {
        Class(const JudgeClass& wanted, std::uint32_t client_table, TimePoint now)
            : id(wanted.id), config(wanted.config), contract(config, client_table, now) {}

        ClassId id;
        ClassConfig config;
        bool configured = true;        // false: gone from the policy; those it has are served in their old standing
        std::uint32_t inflight = 0;    // n(c)
        std::uint32_t line_limit = 0;  // LINE(c)
        std::uint32_t past_gate = 0;   // in shadow: running, but would be in line
        Duration patience{};
        Line line;
        Contract contract;
    };

    explicit State(const JudgeConfig& config) : gate(config.endpoints) {}

    // A decision from first to last: contract, seat. The place ends up running, waiting or ended.
    void decide(Place& place, Class& cls, TimePoint now, Changes& changes);
    // Where somebody within contract goes: to an endpoint, into line, or away.
    void seat(Place& place, Class& cls, TimePoint now, Changes& changes);
    // Serves from the front, for as long as the head fits. `caller` is not told of in `changes`.
    void pump(TimePoint now, Changes& changes, const Place* caller = nullptr);
    // Refuses from the back what a line holds beyond its limit.
    void shed(Class& cls, Changes& changes, const Place* caller = nullptr);
    // Refuses those whose time is over, and serves those whom time alone has made room for. Every call starts with it,
    // so that all that follows stands on a state without arrears. Returns `now`, which never steps back.
    TimePoint catch_up(TimePoint now, Changes& changes);

    // Starts a place's life, and its wait: the shorter of its class's patience and its own deadline.
    void begin(Place& place, const Ask& ask, const Class& cls, TimePoint now) const;
    void enter_line(Place& place, Class& cls);
    void leave_line(Place& place, Class& cls);
    void dispatch(Place& place, Class& cls, Endpoint& endpoint);
    void refuse(Place& place, Class& cls, const Decision& why);
    void end(Place& place, Class& cls);
    // In shadow: runs at once, whatever the gate says. False when no endpoint is available.
    bool run_in_shadow(Place& place, Class& cls, TimePoint now);

    [[nodiscard]] Decision over_contract(const Class& cls, const Excess& excess) const;
    [[nodiscard]] Decision overload(const Class& cls, Reason reason, Gate by, double limit, double observed) const;
    [[nodiscard]] Decision line_is_full(const Class& cls, Reason reason) const;
    // Why somebody who may wait no longer is refused.
    [[nodiscard]] Decision out_of_time(const Place& place, const Class& cls, TimePoint now) const;

    // Class order: priority, then fewest in flight, then the policy's order.
    [[nodiscard]] Class* first_waiting() const;
    [[nodiscard]] bool before(const Class& a, const Class& b) const;
    [[nodiscard]] Endpoint* choose_for(const Place& place, const Class& cls, TimePoint now);
    // Whether the head of the first class fits: only time that passed since the last call can make it so.
    [[nodiscard]] bool head_fits(TimePoint now);
    // Whether a place that is in no line would be dispatched the moment it entered.
    [[nodiscard]] bool goes_at_once(const Place& place, Class& cls, TimePoint now);

    [[nodiscard]] Class& class_of(ClassId id) const;
    [[nodiscard]] bool in_shadow(const Class& cls) const;
    void adopt(const JudgeConfig& config, TimePoint now);

    std::vector<std::unique_ptr<Class>> classes;  // in the policy's order, then those that are gone
    std::vector<Class*> by_id;
    EndpointGate gate;
    Room room;
    ExpiryOrder expiry;
    Mode mode = Mode::enforce;
    std::uint64_t next_arrival = 0;
    TimePoint now_{};
};

}  // namespace weir::admission
