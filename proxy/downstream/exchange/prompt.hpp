#pragma once
// What a request's body asks for: its price, the class that it belongs to after all, and what Weir changes in it before
// the engine reads it.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "ai/request_facts.hpp"
#include "ai/rewrite.hpp"
#include "downstream/exchange/caller.hpp"
#include "downstream/exchange/outcome.hpp"
#include "downstream/exchange/upload.hpp"

namespace weir::downstream {

class Prompt {
public:
    // Filled in by the upload.
    [[nodiscard]] ai::RequestFacts& facts() { return facts_; }
    [[nodiscard]] const ai::RequestFacts& facts() const { return facts_; }

    // Prices the request, resolves its class and, if the body is complete, rewrites it.
    [[nodiscard]] Passed prepare(const Client& client, const Inbound& inbound, Caller& caller, Upload& upload,
                                 Outcome& outcome);

    // Its request goes to that backend; null: its route's. Where that is another one than it was prepared for, the
    // body, as it is by now, gets that backend's name of the model, and what else its engine is to read. REQUIRES:
    // prepare() was called.
    void address(const Caller& caller, std::shared_ptr<const upstream::Backend> granted_by, Upload& upload);

    // The same for the `model` field of a form, if that is complete. REQUIRES: prepare() was called.
    void name_model_in_form(const upstream::BackendConfig& config, Upload& upload);

    // The stored object that the body refers to, where the backend is sticky; empty: none.
    [[nodiscard]] const std::string& stored_id() const { return stored_id_; }
    // The tier that the `degrade` rules chose; the view belongs to the policy.
    [[nodiscard]] std::string_view degraded_tier() const { return degraded_tier_; }
    // Weir asked for a stream's usage in the client's place.
    [[nodiscard]] bool asked_usage() const { return asked_usage_; }
    // The backend calls the model by a name of its own: the name that the client reads. Empty where it does not.
    [[nodiscard]] const std::string& model_for_client() const { return model_for_client_; }

private:
    void resolve_class(const Client& client, const Inbound& inbound, Caller& caller, Outcome& outcome);
    // False if what it asks for cannot be priced.
    [[nodiscard]] bool estimate_output(Caller& caller) const;
    [[nodiscard]] std::uint32_t prompt_tokens(const Caller& caller) const;
    [[nodiscard]] std::uint32_t media_tokens() const;
    void note_model(Outcome& outcome) const;
    void find_model_in_form();
    void rewrite(Caller& caller, Upload& upload, Outcome& outcome, TimePoint now);
    // Applies the `degrade` rules of its class that are active now, which may move it to another backend. Returns the
    // model that they choose, if any.
    std::string_view degrade(Caller& caller, ai::Rewrite& rewrite, Outcome& outcome, TimePoint now);
    // Writes the name by which the backend knows the model: `degraded`, or else the one that was asked for.
    void set_model(const upstream::BackendConfig& config, ai::Rewrite& rewrite, std::string_view degraded);
    // Sets its class's priority in the engine's own queue, or removes the caller's.
    void set_priority(const Caller& caller, const upstream::BackendConfig& config, ai::Rewrite& rewrite) const;
    // Asks for a stream's usage where the backend takes that, and the client did not.
    void set_usage(const upstream::BackendConfig& config, ai::Rewrite& rewrite);
    // The request asks for a tier, but its class sets the one that counts.
    [[nodiscard]] bool overrides_tier(const Caller& caller) const;
    // Writes that tier into the body, so that the tier in the engine's answer is true.
    void set_tier(const Caller& caller, ai::Rewrite& rewrite) const;

    ai::RequestFacts facts_;  // of the body as it arrived
    std::string_view degraded_tier_;
    std::string model_for_client_;
    std::string stored_id_;
    // The `model` field of a form: its place in the body, what it says there by now, and what it said at first.
    struct FormModel {
        std::size_t at = 0;
        std::string written;
        std::string asked;
    };
    std::optional<FormModel> form_model_;  // nothing: there is none
    bool asked_usage_ = false;
    const upstream::Backend* written_for_ = nullptr;  // the body is as this one is to get it
    std::shared_ptr<const upstream::Backend> keeps_;  // it, if its route's policy does not
};

}  // namespace weir::downstream
