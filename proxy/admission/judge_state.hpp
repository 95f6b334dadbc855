#pragma once
// The judge's state, and the steps of its law. Only the judge's own files include this: judge.cpp (the law),
// judge_order.cpp (whose turn it is), judge_state.cpp (what a step does to the counts).
//
// Invariants between calls:
//   exactly the waiting and running places hold a client slot, and each is counted in its class's limits
//   a waiting place is in the queue of its class and in the expiry order; a running one holds one slot of its endpoint
//   no waiting place has expired, and the head of the first class with waiting requests fits nowhere, as of now_

#include <memory>
#include <optional>
#include <vector>

#include "admission/gate/gate.hpp"
#include "admission/gate/headroom.hpp"
#include "admission/gate/pressure.hpp"
#include "admission/judge.hpp"
#include "admission/learn/usual_answer.hpp"
#include "admission/queue/queue.hpp"
#include "admission/rate_limit/limits.hpp"

namespace weir::admission {

struct Judge::State {
    // How far a request moves its client back where a class is shed evenly.
    static constexpr std::uint64_t kTurn = 1;

    struct Class {
        Class(const JudgeClass& wanted, std::uint32_t client_table, TimePoint now)
            : id(wanted.id), config(wanted.config), limits(config, client_table, now) {}

        ClassId id;
        ClassConfig config;
        bool configured = true;         // false: gone from the policy; its requests keep their old standing
        std::uint32_t inflight = 0;     // n(c)
        std::uint32_t queue_limit = 0;  // QUEUE(c)
        std::uint32_t past_gate = 0;    // in shadow: running, but would be queued
        std::uint64_t fair_time = 0;    // of start-time fair queueing: the start tag that was served last
        Duration queue_timeout{};
        Queue queue;
        RunningOrder running;  // only where it is preemptible
        UsualAnswer answer;
        std::optional<TimePoint> overloaded;  // when it last refused a request for overload
        ClassLimits limits;
    };

    State(const JudgeConfig& config, TimePoint now) : gate(config, now), now_(now) {}

    // A decision from first to last: limits, seat. The place ends up running, waiting or ended.
    void decide(Place& place, Class& cls, TimePoint now, Changes& changes);
    // The whole decision for a request that bypasses the queue: it runs, unless too many of them do.
    void bypass_queue(Place& place, Class& cls);
    // Where a request within its limits goes: to an endpoint, into the queue, or away.
    void seat(Place& place, Class& cls, TimePoint now, Changes& changes);
    // The same for one that ran, and was given back.
    void seat_again(Place& place, Class& cls, TimePoint now, Changes& changes);
    // While nothing waits: dispatches a place that fits without queueing it first. False when it fits nowhere.
    bool pass_empty_queue(Place& place, Class& cls, TimePoint now);
    // Serves from the front for as long as the head fits. `caller` is not listed in `changes`.
    void pump(TimePoint now, Changes& changes, const Place* caller = nullptr);
    // Refuses from the back what a queue holds beyond its limit.
    void shed(Class& cls, Changes& changes, const Place* caller = nullptr);
    // Marks the newest running requests of the worst preemptible class as evicted when a better one has waited too
    // long.
    void evict(Changes& changes);
    // Refuses requests that have run out of time. Returns `now`, which never steps back.
    TimePoint expire_old(TimePoint now, Changes& changes);
    // Does the same, and serves those that fit merely because time has passed. Every call
    // starts with it, so that the rest works on a state with nothing overdue. Returns `now`, which never steps back.
    TimePoint catch_up(TimePoint now, Changes& changes);

    // Starts a place's life, and its wait: the shorter of its class's queue timeout and its own deadline.
    void begin(Place& place, const Ask& ask, const Class& cls, TimePoint now) const;
    void enter_queue(Place& place, Class& cls);
    void leave_queue(Place& place, Class& cls);
    void dispatch(Place& place, Class& cls, Endpoint& endpoint, TimePoint now);
    // Refuses those waiting that fail when no endpoint is available.
    void refuse_when_down(Changes& changes);
    // Takes a running request off its endpoint.
    void give_back(Place& place, Class& cls, TimePoint now);
    void refuse(Place& place, Class& cls, const Decision& why);
    void end(Place& place, Class& cls);
    // The class has refused a request; where that was for overload, its clients have cohorts from now on.
    static void note_overload(Class& cls, Reason reason, TimePoint now);
    // A good answer has ended after `tokens`.
    void learn_answer(Place& place, Class& cls, std::uint32_t tokens);
    // A running request has used `spent` in total.
    void spend(Place& place, const Tokens& spent, TimePoint now);
    // In shadow: runs at once, regardless of the gate. False when no endpoint is available.
    bool run_in_shadow(Place& place, Class& cls, TimePoint now);

    [[nodiscard]] static Decision over_limit(const Excess& excess);
    [[nodiscard]] Decision overload(const Class& cls, Reason reason, Gate by, double limit, double observed) const;
    [[nodiscard]] Decision queue_is_full(const Class& cls, Reason reason) const;
    // Why a request that may wait no longer is refused.
    [[nodiscard]] Decision out_of_time(const Place& place, const Class& cls, TimePoint now) const;

    // Whose turn it is, and where it runs: no endpoint means that this head blocks; no class, that nothing waits.
    struct Turn {
        Class* cls = nullptr;
        Endpoint* endpoint = nullptr;
    };
    [[nodiscard]] Turn next_turn(TimePoint now);
    // The key of a request that is not queued yet.
    [[nodiscard]] Key key_of(const Ask& ask, const Class& cls, TimePoint now) const;
    // The best of those that send requests, and it has refused none for overload lately.
    [[nodiscard]] bool is_calm(const Class& cls, TimePoint now) const;
    // Class order: priority, then fewest in flight by weight, then the policy's order.
    [[nodiscard]] Class* first_waiting() const;
    [[nodiscard]] bool before(const Class& a, const Class& b) const;
    // Whether the class has less in flight than it is guaranteed.
    [[nodiscard]] bool is_below_guarantee(const Class& cls) const;
    [[nodiscard]] double headroom_of(const Class& cls, TimePoint now) const;
    // What a request needs to pass the gate: free_need() where its class is below its guarantee, else need_of().
    [[nodiscard]] static Need free_need(const Place& place, TimePoint now) {
        return {.prompt_tokens = place.ask_.prompt_tokens,
                .now = now,
                .affinity = place.ask_.affinity,
                .unreachable = place.unreachable_ ? place.lost_ : kNoEndpoint};
    }
    [[nodiscard]] Need need_of(const Place& place, const Class& cls, TimePoint now) const;
    // Whether a place that is not queued would be dispatched the moment it entered the queue.
    [[nodiscard]] bool runs_at_once(const Place& place, Class& cls, TimePoint now);
    // When the first head has waited long enough for an eviction; nothing where no request can be evicted.
    [[nodiscard]] std::optional<TimePoint> next_eviction() const;
    // The class that loses running requests to `claimant`: the worst below it that has any and may lose them.
    [[nodiscard]] Class* victim_for(const Class& claimant) const;

    // Now: the fullest limit of the fullest endpoint; while requests wait, 1 + the fill of the fullest queue.
    [[nodiscard]] double pressure() const;
    [[nodiscard]] static Tokens estimate_of(const Ask& ask) {
        return {ask.prompt_tokens, ask.output_tokens, ask.video_seconds};
    }
    [[nodiscard]] Class& class_of(ClassId id) const;
    [[nodiscard]] bool in_shadow(const Class& cls) const;
    void adopt(const JudgeConfig& config, TimePoint now);

    std::vector<std::unique_ptr<Class>> classes;  // in the policy's order, then those that are gone
    std::vector<Class*> by_id;
    EndpointGate gate;
    Headroom headroom;
    PressureWindow pressure_window;
    ExpiryOrder expiry;
    Mode mode = Mode::enforce;
    Parts parts;
    std::uint32_t bypassing = 0;  // running, having bypassed the queue
    std::uint32_t evicting = 0;   // evicted, and not ended yet
    std::uint64_t next_arrival = 0;
    TimePoint now_{};
};

}  // namespace weir::admission
