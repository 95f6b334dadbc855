#pragma once
// The conditions of one class, compiled: names of keys and plans are looked up once, at construction.
//
// Immutable after construction: threads share it without a lock. No call allocates.

#include <memory>
#include <string>
#include <vector>

#include "admission/classify/facts.hpp"

namespace weir::admission {

// Whether a class fits, going by the request's head.
enum class HeadFit : std::uint8_t {
    no,           // it does not fit
    all,          // it fits, whatever the body says
    body,         // it depends on the body
    unless_body,  // as `body`, and the body may also exclude it: its `not:` holds as far as the head goes
};

class Matcher {
public:
    // REQUIRES: `clients` outlives the matcher; identities point into it.
    Matcher(const MatchConfig& config, const ClientsConfig& clients);

    [[nodiscard]] HeadFit fit_head(const Identity& identity, const HeadFacts& head) const;
    // Whether the conditions on the body hold and, where the class is `excludable`, those of `not:` do not all hold.
    [[nodiscard]] bool fits_body(const BodyFacts& body, bool excludable) const;

private:
    // The keys or certificates that a list of names allows. A list of only unknown names allows none, unlike an empty
    // list.
    template <typename Proof>
    struct Allowed {
        bool any = true;
        std::vector<const Proof*> proofs;  // sorted
        [[nodiscard]] bool allows(const Proof* proof) const;
    };
    template <typename Proof>
    static Allowed<Proof> named(const std::vector<std::string>& names, const std::vector<Proof>& proofs,
                                std::string Proof::*field);

    [[nodiscard]] bool caller_matches(const Identity& identity) const;
    [[nodiscard]] bool request_matches(const HeadFacts& facts) const;
    [[nodiscard]] bool body_matches(const BodyFacts& body) const;

    MatchConfig config_;
    bool asks_body_ = false;
    Allowed<ApiKey> api_keys_;
    Allowed<ApiKey> plans_;
    Allowed<Certificate> certificates_;
    Allowed<Certificate> certificate_plans_;
    std::vector<Matcher> none_of_;
};

}  // namespace weir::admission
