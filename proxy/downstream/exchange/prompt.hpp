#pragma once
// What a request asks for by its body: what it costs, which class it is of after all, and what Weir changes of it
// before the engine reads it.

#include <cstdint>
#include <string_view>

#include "ai/request_facts.hpp"
#include "ai/rewrite.hpp"
#include "downstream/exchange/caller.hpp"
#include "downstream/exchange/outcome.hpp"
#include "downstream/exchange/upload.hpp"

namespace weir::downstream {

class Prompt {
public:
    // Filled by the upload.
    [[nodiscard]] ai::RequestFacts& facts() { return facts_; }
    [[nodiscard]] const ai::RequestFacts& facts() const { return facts_; }

    // Prices it, resolves the class and rewrites the body, where all of it is here.
    [[nodiscard]] Passed prepare(const Client& client, const Inbound& inbound, Caller& caller, Upload& upload,
                                 Outcome& outcome);

    // What the rules of `degrade` made of the request's tier; of the policy.
    [[nodiscard]] std::string_view degraded_tier() const { return degraded_tier_; }
    // A stream's usage was asked for in the client's place.
    [[nodiscard]] bool asked_usage() const { return asked_usage_; }

private:
    void resolve_class(const Client& client, const Inbound& inbound, Caller& caller, Outcome& outcome);
    // False where what it asks for cannot be priced.
    [[nodiscard]] bool estimate_output(Caller& caller) const;
    [[nodiscard]] std::uint32_t prompt_tokens(const Caller& caller) const;
    [[nodiscard]] std::uint32_t media_tokens() const;
    void note_model(Outcome& outcome) const;
    void rewrite(Caller& caller, Upload& upload, Outcome& outcome, TimePoint now);
    // Applies the class's `degrade` rules that hold now; it may go to another backend afterwards.
    void degrade(Caller& caller, ai::Rewrite& rewrite, Outcome& outcome, TimePoint now);
    // The place in the engine's own queue that its class has, or none of the caller's choosing.
    void set_priority(const Caller& caller, ai::Rewrite& rewrite) const;
    // The request asks for a tier, and its class names the one that counts.
    [[nodiscard]] bool overrides_tier(const Caller& caller) const;
    // Lets the engine know that one, so that what its answer says of the tier is true.
    void set_tier(const Caller& caller, ai::Rewrite& rewrite) const;

    ai::RequestFacts facts_;  // of the body as it came
    std::string_view degraded_tier_;
    bool asked_usage_ = false;
};

}  // namespace weir::downstream
