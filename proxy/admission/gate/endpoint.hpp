#pragma once
// An endpoint as the gate counts it: what it may take and what it has. The letters are those of gate.hpp.

#include <boost/intrusive/list.hpp>
#include <cstdint>
#include <optional>

#include "admission/config.hpp"
#include "admission/gate/failed_load.hpp"
#include "admission/learn/limit_learner.hpp"
#include "admission/learn/quota_learner.hpp"
#include "admission/place.hpp"

namespace weir::admission {

struct Endpoint {
    using Unseen = boost::intrusive::list<
        Load, boost::intrusive::member_hook<Load, boost::intrusive::list_member_hook<>, &Load::in_unseen>>;

    EndpointId id = kNoEndpoint;
    std::uint32_t limit = 1;                          // S
    std::uint64_t context_limit = 0;                  // K; 0: not known
    std::uint64_t context_reported = 0;               // K, as the engine reports it
    bool context_configured = false;                  // the policy's value counts
    std::uint32_t prompt_limit = law::kPromptTokens;  // PF
    std::uint32_t inflight = 0;                       // n
    std::uint64_t context = 0;                        // kv
    std::uint64_t prompts = 0;                        // pf
    std::uint64_t dispatched = 0;                     // ever
    Unseen unseen;                                    // pending prompts of answers that are not streamed, oldest first
    std::optional<LimitLearner> learner;              // of S
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
    // On trial, and the one request is out.
    [[nodiscard]] bool is_tried() const { return trial && trials > 0; }
};

}  // namespace weir::admission
