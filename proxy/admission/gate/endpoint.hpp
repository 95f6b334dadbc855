#pragma once
// An endpoint as the gate counts it: what it may take and what it has. The letters are those of gate.hpp.

#include <boost/intrusive/list.hpp>
#include <cstdint>
#include <optional>

#include "admission/config.hpp"
#include "admission/gate/average.hpp"
#include "admission/gate/failed_load.hpp"
#include "admission/learn/gauge_evidence.hpp"
#include "admission/learn/limit_learner.hpp"
#include "admission/learn/pace.hpp"
#include "admission/learn/quota_learner.hpp"
#include "admission/learn/slot_backoff.hpp"
#include "admission/place.hpp"

namespace weir::admission {

struct Endpoint {
    using Unseen = boost::intrusive::list<
        Load, boost::intrusive::member_hook<Load, boost::intrusive::list_member_hook<>, &Load::in_unseen>>;

    EndpointId id = kNoEndpoint;
    std::uint32_t limit = 1;                          // S
    std::uint32_t requests = 1;                       // S, as the policy has it
    std::uint64_t context_limit = 0;                  // K; 0: not known
    std::uint64_t context_told = 0;                   // K, as the policy has it, or the engine's own report
    std::uint64_t context_reported = 0;               // the latter
    bool context_configured = false;                  // the former counts
    std::uint32_t prompt_limit = law::kPromptTokens;  // PF
    std::uint32_t inflight = 0;                       // n
    std::uint64_t context = 0;                        // kv
    std::uint64_t to_come = 0;                        // what its answers usually still add to kv
    std::uint64_t unseen_context = 0;                 // what those add that do not stream, on average while they run
    std::uint64_t prompts = 0;                        // pf
    Average mean_prompts{law::kPipeTime};             // the same, lately
    std::uint64_t dispatched = 0;                     // ever
    std::uint32_t streams = 0;                        // in flight, streamed
    std::uint32_t begun = 0;                          // of these, with a first token
    Unseen unseen;                                    // pending prompts of answers that are not streamed, oldest first
    std::optional<LimitLearner> learner;              // of S
    Pace pace;
    SlotBackoff backoff;
    GaugeEvidence gauges;
    FailedLoad failed;
    std::optional<QuotaLearner> quota;  // instead; S is then what it allows at once
    bool available = true;
    bool trial = false;
    std::uint32_t trials = 0;     // in flight that were sent on trial
    double share = 1;             // of S and of the load
    std::uint64_t name_hash = 0;  // of its URL
    double turns_due = 0;         // of a share below 1: turns that it lets pass (round robin)
    bool configured = true;       // false: gone from the policy, kept until its last request ends

    // The fullest of its three limits: 1 is full.
    [[nodiscard]] double fill() const;
    // The same for the comparison of endpoints: of its share, and with requests that failed.
    [[nodiscard]] double weighted_fill() const;
    // S, or its share of it; at least 1.
    [[nodiscard]] std::uint32_t shared_limit() const;
    // S as the policy has it or a learner has found, whatever the engine's gauges say.
    [[nodiscard]] std::uint32_t told() const;
    // S and K: what is told, or what the gauges show if that is less.
    void refresh_limits(TimePoint now);
    [[nodiscard]] LimitsShown limits_shown() const { return {told(), limit, context_told, context_limit}; }
    // On trial, and the one request is out.
    [[nodiscard]] bool is_tried() const { return trial && trials > 0; }
};

}  // namespace weir::admission
