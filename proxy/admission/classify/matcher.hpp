#pragma once
// The conditions of one class, prepared: names of keys and plans are looked up once, at construction.
//
// Immutable after construction: threads share it without a lock. No call allocates.

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "admission/classify/classifier.hpp"

namespace weir::admission {

// What a request's head says of a class.
enum class HeadFit : std::uint8_t {
    no,           // it is not this one
    all,          // it is this one, whatever the body says
    body,         // it depends on the body
    unless_body,  // likewise, and the body may also exclude it: its `not:` holds as far as the head goes
};

class Matcher {
public:
    // REQUIRES: `api_keys` outlives the matcher; identities point into it.
    Matcher(const MatchConfig& config, std::span<const ApiKey> api_keys);

    [[nodiscard]] HeadFit fit_head(const Identity& identity, const HeadFacts& head) const;
    // Whether the conditions on the body hold, and, where it is `excludable`, not all those of `not:`.
    [[nodiscard]] bool fits_body(const BodyFacts& body, bool excludable) const;

private:
    // Keys that a list of names allows. A list that names only unknown keys allows none: it is not an empty list.
    struct KeyList {
        bool any = true;
        std::vector<const ApiKey*> keys;  // sorted
        [[nodiscard]] bool allows(const ApiKey* key) const;
    };
    static KeyList keys_with(const std::vector<std::string>& names, std::span<const ApiKey> api_keys,
                             std::string ApiKey::*field);

    [[nodiscard]] bool caller_matches(const Identity& identity) const;
    [[nodiscard]] bool request_matches(const HeadFacts& facts) const;
    [[nodiscard]] bool body_matches(const BodyFacts& body) const;

    MatchConfig config_;
    bool asks_body_ = false;
    KeyList api_keys_;
    KeyList plans_;
    std::vector<Matcher> none_of_;
};

}  // namespace weir::admission
