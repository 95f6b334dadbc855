#pragma once
// The judge of one backend: which requests run now, which wait, which are refused.
//
// Every waiting request has a place in one order. The judge serves from the front of that order and, when a queue is
// full, sheds from its back. It decides from the counts it holds and the time it is given; it predicts nothing.
//
//   key(x)       = [over][retry][turn][arrival]      a total order inside a class, fixed at arrival; serves and sheds
//     over       its client has more than 10 % of its class's requests in flight: no client can take over its class
//     retry      an SDK's retry, or a repeated idempotency key
//     turn       its client's cohort of the hour (shed: whole_clients; none in the best class that sends requests while
//                it has refused none for overload), or its start tag (shed: evenly)
//   classes      by priority; among equals, the one with the smallest n(c)/weight(c) first
//   headroom(c)  15 % for each better priority that had a request in the last 60 s, at most 20 %, more
//                while prompts are pending; the best keeps none
//   fits(x, e)   slots, context tokens and pending prompts: gate/gate.hpp
//   arrive       limits (buckets, concurrency: all or nothing); insert into queue(c); pump;
//                if |queue(c)| > QUEUE(c): refuse the worst of queue(c)
//   pump         a class with waiting work and n(c) < guarantee(c) n(all): its head, headroom 0, if it fits; else the
//                head of the first class in class order goes to the fitting endpoint with the most room; when it fits
//                nowhere, stop: nothing overtakes it
//   expire       waited longer than the class's queue timeout, or past the client's own deadline
//   evict        (off by default) the head has waited half of its allowed wait: the worst `preemptible` class loses
//                its newest running requests, at most 5 % of all in flight; again once these have ended
//
// A request activates the headroom of its priority once it has passed its limits. While no endpoint is available,
// requests wait as they would for a full one, because endpoints come back; those that time out then are refused as
// no_endpoint. With a queue timeout of zero, requests run now or are refused now, and displace nothing from a queue.
//
// Requests that bypass the queue cost the engine next to nothing (they ask for a job's status, or fetch its result).
// They run at once regardless of limits and gate, up to a bound of their own, so that no surge of work delays them.
//
// A request may be served by another backend in this one's place, when its endpoint has failed or none is available. It
// stays with this judge until it ends, without a slot: its limits and its reservation are those of its class, once, in
// however many places it was tried.
//
// In shadow (the policy or the class), a request runs at once on the endpoint with the most room, regardless of limits
// and gate; its decision says what they would have done. With only a limit in shadow, a request over that limit is
// marked, then waits and is served like all others: exceeding a limit must not be a way around the queue.
//
// It holds no lock, does no I/O and reads no clock: the server, the simulator and the property tests run this very
// code. Not thread-safe; callers that share it between threads lock around every call.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "admission/config.hpp"
#include "admission/decision.hpp"
#include "admission/place.hpp"
#include "base/gauges.hpp"
#include "base/intake.hpp"

namespace weir::admission {

// The places whose standing a call changed, in order of change. The caller keeps one and reuses it, so that deciding
// allocates nothing.
using Changes = std::vector<Place*>;

// Counts of one class, for the telemetry.
struct ClassCounts {
    ClassId id = kNoClass;
    std::uint32_t inflight = 0;  // dispatched, last byte not yet out
    std::uint32_t waiting = 0;   // in the queue
    std::uint32_t queue = 0;     // places in the queue
    double headroom = 0;         // share of each endpoint kept free for better classes, 0 to 0.2
    double bucket_fill = 1;      // of the class's emptiest bucket, 0 to 1; 1 without one
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
    bool trial = false;
    double share = 1;  // of its limit and of the load
    LimitsShown shown{};
    struct Quota {
        double rate = 0;             // requests a second; 0: none limits
        std::uint64_t refusals = 0;  // ever
    };
    std::optional<Quota> quota;  // learned; `limit` is then what it allows at once
};

struct JudgeCounts {
    std::vector<ClassCounts> classes;
    std::vector<EndpointCounts> endpoints;
    // The fullest limit of the fullest endpoint; while requests wait, 1 + the fill of the fullest queue. 1.0 = full.
    double pressure = 0;
    std::uint64_t client_evictions = 0;  // entries evicted from full per-client tables
};

class Judge {
public:
    Judge(const JudgeConfig& config, TimePoint now);
    ~Judge();
    Judge(const Judge&) = delete;
    Judge& operator=(const Judge&) = delete;

    // Whether a request would certainly be refused if it arrived now: asked before its body is read, so that a refusal
    // costs no body. A refusal here is final: the judge is not called for that request again, and nothing is reserved.
    [[nodiscard]] std::optional<Decision> refuse_early(const Ask& ask, TimePoint now);

    // Takes a request: limits, queue, pump. `place` ends as running (its decision names an endpoint), waiting, or
    // ended (refused); its own change of standing shows in place.standing() alone, those of other places in `changes`.
    // A refusal at this point has charged no bucket; a place in the queue has, whatever becomes of it.
    // REQUIRES: place is idle or ended, and stays where it is in memory until it is ended again, or the judge is gone;
    // ask.cls is a class of this judge, or was before a reload.
    void arrive(Place& place, const Ask& ask, TimePoint now, Changes& changes);

    // A running request sent its last byte, failed, or its client left: its slot is free. Pumps. `spent` is what it
    // used, if known; otherwise its prompt and what was streamed count. REQUIRES: place is running. It is ended
    // afterwards.
    void finish(Place& place, TimePoint now, Changes& changes, const std::optional<Tokens>& spent = std::nullopt);

    // The answer of a running request has begun: its prompt is done. May be called again. Pumps.
    // REQUIRES: place is running.
    void first_token(Place& place, TimePoint now, Changes& changes);

    // The answer of a running request has reached `tokens` LLM tokens in total; to be reported every so often.
    // REQUIRES: place is running.
    void streamed(Place& place, std::uint32_t tokens, TimePoint now);

    // Moves what `from` holds to `to`, which cannot be preempted: a job goes on after the answer that announced it.
    // REQUIRES: `from` is running, and ended afterwards; `to` is not in use.
    void hand_over(Place& from, Place& to, TimePoint now, Changes& changes);

    // What is left of the rates that such a request is charged to.
    [[nodiscard]] Allowance allowance(const Ask& ask, TimePoint now) const;

    // A running request runs on another endpoint than the judge chose, because its connection ends there: it is counted
    // where it runs, full or not. Pumps. REQUIRES: place is running, and nothing of its answer has been reported.
    void move(Place& place, EndpointId endpoint, TimePoint now, Changes& changes);

    // A waiting request's client left. REQUIRES: place is waiting. It is ended afterwards.
    void leave(Place& place, TimePoint now, Changes& changes);

    // A running request whose endpoint failed before answering anything returns to the queue with its old key, its
    // queue timeout still counted from its first arrival; it may run again at once, on an endpoint other than the lost
    // one where one fits. The caller bounds how often. Returns false when it was refused instead (its queue timeout is
    // over and it would have to wait, its own deadline is over, or no endpoint is left); then it has ended. REQUIRES:
    // place is running. `unreachable`: while another endpoint is available it waits for that one rather than to run
    // there again.
    bool requeue(Place& place, TimePoint now, Changes& changes, bool unreachable = false);

    // A running request whose endpoint failed goes on at another judge: its slot is free, its reservation stays. Pumps.
    // REQUIRES: place is running.
    void depart(Place& place, TimePoint now, Changes& changes);
    // As arrive(), for a request that another judge gives its slot: only limits decide. `place` ends as running
    // elsewhere, or ended.
    void arrive_elsewhere(Place& place, const Ask& ask, TimePoint now, Changes& changes);

    // The endpoint answered a running request with a refusal of its quota. Where that quota is learned, the request
    // returns to the queue with its old key, its queue timeout still counted from its first arrival; it may run again
    // at once, also on that endpoint, which is paced but not lost. Returns whether it returned, was served again, or
    // ended since its time is over: its standing tells, and the answer is not passed on. False: it runs on, and the
    // answer is to be passed on, since no quota is learned, or the request bypasses the queue, is in shadow, is
    // evicted, or is refused again and again while others are accepted. The caller bounds how often. REQUIRES: place is
    // running.
    bool refused_by_quota(Place& place, const QuotaReport& report, TimePoint now, Changes& changes);

    // The head of any other answer to a running request came, with what it says of the quota. Pumps.
    // REQUIRES: place is running.
    void quota_report(Place& place, const QuotaReport& report, TimePoint now, Changes& changes);

    // Refuses requests that waited too long, and serves those that fit as time passes. Call it at next_expiry() or a
    // little later; every other call does the same first.
    void expire(TimePoint now, Changes& changes);
    [[nodiscard]] std::optional<TimePoint> next_expiry() const;

    // Requests of a class in flight: n(c).
    [[nodiscard]] std::uint32_t inflight(ClassId cls) const;

    // The two parts of next_expiry(), for a caller who need not wake all waiting requests at the pace of a quota, but
    // only the one that is likely served then.
    struct Paced {
        Place* head = nullptr;  // waits
        TimePoint at;
    };
    [[nodiscard]] std::optional<TimePoint> next_timeout() const;
    [[nodiscard]] std::optional<Paced> next_paced() const;

    // An endpoint became available or unavailable. Requests that run on a lost one stay counted there until they
    // finish. With the last one go the waiting requests that fail when all are down. An endpoint that the policy no
    // longer has is ignored.
    void set_available(EndpointId endpoint, bool available, TimePoint now, Changes& changes);
    // The same in full: it may also take a share, or one request at a time. Pumps.
    void set_intake(EndpointId endpoint, const Intake& intake, TimePoint now, Changes& changes);

    // The size of its KV cache that an engine reports, in LLM tokens: K where the policy gives none. Pumps.
    void set_context(EndpointId endpoint, std::uint64_t tokens, TimePoint now, Changes& changes);

    // What an engine's metrics say at `now`: evidence against the limits that the policy gives it
    // (learn/gauge_evidence.hpp). Pumps. An endpoint that the policy no longer has is ignored.
    LimitsShown set_gauges(EndpointId endpoint, const EngineGauges& gauges, TimePoint now, Changes& changes);

    // Puts a new policy in force: queues, counts, bucket levels and learned limits are carried over by id. A waiting
    // request whose class is gone is served with its old standing; a shortened queue sheds its worst. Waiting requests
    // keep the queue timeout they arrived with.
    void reconfigure(const JudgeConfig& config, TimePoint now, Changes& changes);

    [[nodiscard]] JudgeCounts counts(TimePoint now) const;

    // How full the backend has been over the last second, as sampled by these calls: the largest of n/S, kv/0.95K and
    // pf/PF on the fullest endpoint; while requests wait, 1 + the fill of the fullest queue. 1 is full.
    [[nodiscard]] double pressure(TimePoint now);

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace weir::admission
