#pragma once
// The judge of one backend: who passes now, who waits, who is refused.
//
// Every waiting request has a place in one order. The judge serves from the front of that order and, when a line is
// full, sheds from its back. It decides from counts it holds and the clock it is given; it predicts nothing.
//
//   key(x)     = [over][retry][turn][arrival]        a total order inside a class, fixed at arrival; serves and sheds
//     over     its client has more than 25 % of what its class has in flight: a whale cannot take its class
//     retry    an SDK's retry, or a repeated idempotency key
//     turn     its client's cohort of the hour (shed: whole_clients), or its start tag (shed: evenly)
//   classes    by priority; among equals, the one with the smallest n(c)/weight(c) first
//   room(c)    15 % for each better priority that had a request in the last 60 s, at most 20 %; the best keeps none
//   fits(x, e) slots, context tokens and pending prompts: gate/gate.hpp
//   arrive     contract (buckets, concurrency: all or nothing); insert into line(c); pump;
//              if |line(c)| > LINE(c): refuse the worst of line(c)
//   pump       a class with waiting work and n(c) < guarantee(c) n(all): its head, room 0, if it fits; else the head of
//              the first class in class order goes to the fitting endpoint with most room; when it fits nowhere, stop:
//              nothing overtakes it
//   expire     waited longer than the class's queue timeout, or past the client's own deadline
//   evict      (off by default) the head has waited half of what it may: the worst class that is `preemptible` loses
//              its newest running requests, at most 5 % of all; and again once these are gone
//
// A request counts towards its priority's room once it is within its contract. While no endpoint is available requests
// wait as they would for a full one, because endpoints come back; who runs out of queue timeout then is told so
// (no_endpoint). With a queue timeout of zero, requests run now or are refused now, and push nobody out of a line.
//
// Requests that bypass the queue cost the engine next to nothing (they ask what has become of a job, or fetch what it
// made). They run at once whatever contract and gate say, up to a bound of their own, so that no surge of work keeps
// them waiting.
//
// In shadow (the policy or the class), a request runs at once on the endpoint with most room, whatever contract and
// gate say; its decision tells what they would have done. With only a limit in shadow, whoever is over it is marked and
// then waits and is served like all others: being over a limit must not be a way around the line.
//
// It holds no lock, does no I/O and reads no clock: the server, the simulator and the property tests run this very
// code. Not thread-safe; whoever shares it between threads locks around every call.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "admission/config.hpp"
#include "admission/decision.hpp"
#include "admission/place.hpp"

namespace weir::admission {

// The places whose standing a call changed, in the order in which it happened. The caller keeps one and reuses it, so
// that deciding allocates nothing.
using Changes = std::vector<Place*>;

// Counts of one class, for the telemetry.
struct ClassCounts {
    ClassId id = kNoClass;
    std::uint32_t inflight = 0;  // dispatched, last byte not yet out
    std::uint32_t waiting = 0;   // in the queue
    std::uint32_t queue = 0;     // places in the queue
    double headroom = 0;         // share of each endpoint kept free for better classes, 0 to 0.2
    double bucket_fill = 1;      // of the class's request bucket, 0 to 1; 1 without one
    std::uint32_t clients = 0;   // entries in its per-client table
};

struct EndpointCounts {
    EndpointId id = kNoEndpoint;
    std::uint32_t inflight = 0;
    std::uint32_t limit = 0;           // S
    std::uint64_t context_tokens = 0;  // kv
    std::uint64_t context_limit = 0;   // K; 0: not known
    std::uint64_t prompt_tokens = 0;   // pf
    std::uint32_t prompt_limit = 0;    // PF
    bool available = true;
};

struct JudgeCounts {
    std::vector<ClassCounts> classes;
    std::vector<EndpointCounts> endpoints;
    double pressure =
        0;  // of the fullest endpoint, its fullest limit; with a line, 1 + the fill of the fullest line. 1.0 = full
    std::uint64_t client_evictions = 0;  // entries pushed out of full per-client tables
};

class Judge {
public:
    Judge(const JudgeConfig& config, TimePoint now);
    ~Judge();
    Judge(const Judge&) = delete;
    Judge& operator=(const Judge&) = delete;

    // Whether a request would certainly be refused if it arrived now: asked before its body is read, so that refusing
    // costs no body. A refusal here is final and is not told to the judge again; nothing is reserved.
    [[nodiscard]] std::optional<Decision> refuse_early(const Ask& ask, TimePoint now);

    // Takes a request: contract, line, pump. `place` ends as running (its decision names an endpoint), waiting, or
    // ended (refused); its own change of standing is told in place.standing() alone, everybody else's in `changes`.
    // A refusal at this point has charged no bucket; a place in the queue has, whatever becomes of it.
    // REQUIRES: place is idle or ended, and stays where it is in memory until it is ended again, or the judge is gone;
    // ask.cls is a class of
    // this judge, or was before a reload.
    void arrive(Place& place, const Ask& ask, TimePoint now, Changes& changes);

    // A running request gave its last byte, failed, or its client left: its slot is free. Pumps. `spent` is what it
    // came to, as far as that is known; else its prompt and what was streamed. REQUIRES: place is running. It is ended
    // afterwards.
    void finish(Place& place, TimePoint now, Changes& changes, const std::optional<Tokens>& spent = std::nullopt);

    // The answer of a running request has begun: its prompt is done. May be called again. Pumps.
    // REQUIRES: place is running.
    void first_token(Place& place, TimePoint now, Changes& changes);

    // The answer of a running request has come to so many LLM tokens in all; to be told now and then.
    // REQUIRES: place is running.
    void streamed(Place& place, std::uint32_t tokens, TimePoint now);

    // What `from` holds is held by `to` from now on, which cannot be cut short: a job goes on after the answer that
    // told of it. REQUIRES: `from` is running, and ended afterwards; `to` is not in use.
    void hand_over(Place& from, Place& to, TimePoint now, Changes& changes);

    // What is left of the rates that such a request counts against.
    [[nodiscard]] Allowance allowance(const Ask& ask, TimePoint now) const;

    // A running request runs on another endpoint than the judge chose, because its connection ends there: it is counted
    // where it runs, full or not. Pumps. REQUIRES: place is running, and nothing of an answer has been told.
    void move(Place& place, EndpointId endpoint, TimePoint now, Changes& changes);

    // A waiting request's client left. REQUIRES: place is waiting. It is ended afterwards.
    void leave(Place& place, TimePoint now, Changes& changes);

    // A running request whose endpoint failed before anything was answered returns to the line with its old key, its
    // queue timeout still counted from its first arrival; it may run again at once, on another endpoint than the one it
    // lost where another one fits. Whoever calls bounds how often. Returns false when it was refused instead (its
    // queue timeout is over, or no endpoint is left); then it has ended. REQUIRES: place is running.
    bool requeue(Place& place, TimePoint now, Changes& changes);

    // Refuses whoever waited too long, and serves those whom time has made room for. Call it at next_expiry() or a
    // little later; every other call does the same first.
    void expire(TimePoint now, Changes& changes);
    [[nodiscard]] std::optional<TimePoint> next_expiry() const;

    // An endpoint came or went. Requests that run on a lost one stay counted there until they finish. One that the
    // policy no longer has is ignored.
    void set_available(EndpointId endpoint, bool available, TimePoint now, Changes& changes);

    // What an engine says of its KV cache, in LLM tokens: K where the policy has none. Pumps.
    void set_context(EndpointId endpoint, std::uint64_t tokens, TimePoint now, Changes& changes);

    // Puts a new policy in force: lines, counts, bucket levels and learned limits are carried over by id. A waiting
    // request whose class is gone is served in its old standing; a shorter line sheds its worst. Those who wait keep
    // the queue timeout with which they came.
    void reconfigure(const JudgeConfig& config, TimePoint now, Changes& changes);

    [[nodiscard]] JudgeCounts counts(TimePoint now) const;

    // How full the backend has been over the last second, as far as somebody asked: of the fullest endpoint the largest
    // of n/S, kv/0.95K and pf/PF; while somebody waits, 1 + the fill of the fullest line. 1 is full.
    [[nodiscard]] double pressure(TimePoint now);

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace weir::admission
