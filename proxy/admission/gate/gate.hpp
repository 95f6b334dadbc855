#pragma once
// The gate: which endpoint takes the next request, if any may.
//
//   n   requests in flight               S   the engine's slots: max_num_seqs, configured or learned
//   kv  prompt tokens + streamed so far  K   the engine's KV cache in tokens; 0: not known, not limited
//   pf  prompts without a first token    PF  how many tokens of them an endpoint may have at any moment
//   the quota of a hosted API, where it is learned instead of S: learn/quota_learner.hpp
//
//   fits(x, e) = available, and n = 0, or all of
//     n + 1               <= S (1 - headroom - pipe)
//     kv + in(x) + ahead  <= 0.95 K (1 - headroom)
//     pf + in(x)          <= PF x share x (1 - pipe), or pf = 0
//
// Where no headroom is kept, ahead and pipe are 0 and share is 1. Elsewhere:
//   - ahead is 0.85 of what the answers in flight, and its own, usually still come to: they grow once they are in;
//   - pipe is 0.3, or the policy's `headroom`, times the mean of pf over 5 s by what one step takes, at most 1;
//   - S is less while first tokens of the best class come late: learn/slot_backoff.hpp.
// S and K are less, for all, where the engine's gauges contradict them: learn/gauge_evidence.hpp.
//
// An idle endpoint takes a request regardless of its limits, so that small limits starve no request. Of a quota no
// headroom is kept: a better class waits for no more than the next request that the quota lets pass. Of the endpoints
// that fit, the one with the most room takes it (the smallest of the largest of n/S, kv/0.95K, pf/PF), unless the
// policy chooses otherwise; equals take turns. By prefix affinity (gate/affinity.hpp) it is the endpoint that had its
// conversation last, or that it prefers, of those that fit and are within a bound of the load; if there is none, the
// one with most room. Requests that failed count in this comparison as if they had been served (gate/failed_load.hpp):
// what fails at once must not look like room.
//
// An endpoint may have a share below 1: it then has that share of S and of the load. On trial it takes one request at a
// time.
//
// All three count what Weir has sent and observed. The first token of an answer that is not streamed cannot be
// observed: its prompt counts as done once a request that was dispatched after it has answered or ended (engines take
// prompts in order), or after the time that its endpoint usually takes for it (learn/pace.hpp).
//
// Not thread-safe: the judge's lock covers it.

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "admission/config.hpp"
#include "admission/gate/affinity.hpp"
#include "admission/gate/endpoint.hpp"
#include "admission/gate/failed_load.hpp"
#include "admission/place.hpp"
#include "base/gauges.hpp"
#include "base/intake.hpp"

namespace weir::admission {

// What a request needs to pass.
struct Need {
    double headroom = 0;  // share to keep free for better classes
    std::uint32_t prompt_tokens = 0;
    std::uint32_t answer_tokens = 0;  // that it usually comes to
    double prompt_share = 1;          // of PF
    TimePoint now{};
    std::uint64_t affinity = 0;            // Ask::affinity
    EndpointId unreachable = kNoEndpoint;  // takes it only where no other endpoint is available
};

// What an endpoint takes on with a request.
struct Task {
    std::uint32_t prompt_tokens = 0;
    std::uint32_t answer_tokens = 0;  // that it usually comes to
    bool streams = true;
    bool best = true;  // no better class sends requests
};

class EndpointGate {
public:
    EndpointGate(const JudgeConfig& config, TimePoint now);

    // Requests that an endpoint may have in flight with `headroom` kept free: S (1 - headroom), at least 1.
    [[nodiscard]] static std::uint32_t usable(std::uint32_t limit, double headroom);

    // The endpoint that takes a request, or null when none fits. `lost` comes last: a request that came back from it is
    // better off elsewhere, but must not leave a slot empty and keep all others behind it waiting.
    [[nodiscard]] Endpoint* choose(const Need& need, EndpointId lost = kNoEndpoint);
    // The endpoint with that id, full or not; null when it is not available.
    [[nodiscard]] Endpoint* available(EndpointId id) const;
    // The available endpoint with the most room, full or not; null when none is available.
    // The same as choose() would prefer it, were all to fit.
    [[nodiscard]] Endpoint* least_loaded(EndpointId lost = kNoEndpoint, std::uint64_t affinity = 0,
                                         std::uint32_t prompt_tokens = 0);

    // REQUIRES: `load` stays where it is until it is given back.
    void take(Endpoint& endpoint, Load& load, const Task& task, TimePoint now);
    // The endpoint has a request of that conversation: the next one is best off there.
    void note_conversation(EndpointId id, std::uint64_t affinity, std::uint32_t prompt_tokens);
    // The answer has begun. Returns whether that freed capacity.
    bool answered(EndpointId id, Load& load, TimePoint now);
    // The answer has reached `tokens` in total; fewer than before are ignored.
    void streamed(EndpointId id, Load& load, std::uint32_t tokens);
    // `load.ending` says what can be learned from it.
    void give_back(EndpointId id, Load& load, TimePoint now);
    // What the answer to a load says of the quota of its endpoint. To be called before it is given back.
    void report_quota(EndpointId id, const Load& load, const QuotaReport& report, TimePoint now) const;
    [[nodiscard]] bool learns_quota(EndpointId id) const;
    // The same for a refusal, which `before` counts with its request's earlier ones. Where others are accepted
    // meanwhile it is the request that is refused, not what exceeds the quota: the learner is not misled by it.
    void report_refusal(EndpointId id, const Load& load, const QuotaReport& report, OverQuota& before,
                        TimePoint now) const;
    // When the pace of a quota next lets a request pass, after `now`; nothing where none keeps any waiting.
    [[nodiscard]] std::optional<TimePoint> next_paced(TimePoint now) const;
    // Moves a load to another endpoint, as if newly dispatched. False when there is none with that id.
    bool move(EndpointId from, EndpointId to, Load& load, TimePoint now);

    // Counts prompts as done whose first token cannot be observed and whose time is over, and lets failed load fade.
    void forget_old(TimePoint now);
    [[nodiscard]] std::optional<TimePoint> next_old_prompt() const;

    // The head waits because `need` fits nowhere, or nothing waits: the learners of S depend on it.
    void note_blocked(const Need& need, TimePoint now);
    void note_unblocked(TimePoint now);

    void set_intake(EndpointId id, const Intake& intake);
    // K, as the engine reports it; for endpoints for which the policy gives none.
    void set_context(EndpointId id, std::uint64_t tokens, TimePoint now);
    // What the engine says of itself; stale after some seconds.
    LimitsShown set_gauges(EndpointId id, const EngineGauges& gauges, TimePoint now);
    [[nodiscard]] bool any_available() const;

    // By id: limits change, counts and learned limits stay; new endpoints are available, missing ones take no more
    // requests.
    void reconfigure(const JudgeConfig& config, TimePoint now);

    [[nodiscard]] std::span<const std::unique_ptr<Endpoint>> endpoints() const { return endpoints_; }
    [[nodiscard]] std::uint32_t inflight() const { return inflight_; }  // n(all)

private:
    template <typename Fits>
    [[nodiscard]] Endpoint* most_room(Fits fits, EndpointId lost);
    // The one that prefix affinity prefers; null when none of those that fit is within its bound.
    template <typename Fits>
    [[nodiscard]] Endpoint* nearest(Fits fits, EndpointId lost, std::uint64_t affinity,
                                    std::uint32_t prompt_tokens) const;
    // By affinity where that is the policy's choice and the request has a key, otherwise most_room().
    template <typename Fits>
    [[nodiscard]] Endpoint* preferred(Fits fits, EndpointId lost, std::uint64_t affinity, std::uint32_t prompt_tokens);
    // What endpoints are compared by: lower is better.
    [[nodiscard]] double rank(const Endpoint& endpoint) const;
    // What is added to the headroom, and taken from its share of PF, for prompts that are pending there.
    [[nodiscard]] double pipe_headroom(const Endpoint& endpoint, const Need& need) const;
    [[nodiscard]] bool has_slot(const Endpoint& endpoint, const Need& need) const;
    [[nodiscard]] bool fits(const Endpoint& endpoint, const Need& need) const;
    [[nodiscard]] bool is_another_available(const Endpoint& than) const;
    [[nodiscard]] bool has_tokens(const Endpoint& endpoint, const Need& need) const;
    void configure(Endpoint& endpoint, const JudgeEndpoint& wanted, TimePoint now) const;
    // Takes the turn of `endpoint`, and of those that let theirs pass.
    void take_turn(Endpoint& endpoint);
    // What a first token says about its endpoint, and what the end of a request does.
    void learn_first_token(Endpoint& endpoint, const Load& load, TimePoint now) const;
    void learn(Endpoint& endpoint, const Load& load, TimePoint now);
    void settle_prompt(Endpoint& endpoint, Load& load, TimePoint now) const;
    // Its first token cannot be observed: its prompt is pending for as long as it usually takes.
    void begin_unseen(Endpoint& endpoint, Load& load, TimePoint now) const;
    // Settles the prompts dispatched before `number` whose first token cannot be observed.
    void settle_unseen_before(Endpoint& endpoint, std::uint64_t number, TimePoint now) const;
    [[nodiscard]] Endpoint* find(EndpointId id) const;

    std::vector<std::unique_ptr<Endpoint>> endpoints_;  // by pointer: prompts are linked into them
    std::uint32_t inflight_ = 0;
    std::size_t turn_ = 0;  // where the next search starts
    GoodTimes good_;
    Balance balance_ = Balance::most_room;
    Conversations conversations_;
    Parts parts_;
    double pipe_headroom_ = law::kPipeHeadroom;
    Duration slo_{};  // the shortest for a first token
    bool blocked_ = false;
};

}  // namespace weir::admission
