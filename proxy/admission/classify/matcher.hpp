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

class Matcher {
public:
    // REQUIRES: `api_keys` outlives the matcher; identities point into it.
    Matcher(const MatchConfig& config, std::span<const ApiKey> api_keys);

    // Whether all conditions hold, and not all of `not:`.
    [[nodiscard]] bool matches(const Identity& identity, const RequestFacts& facts) const;

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
    [[nodiscard]] bool request_matches(const RequestFacts& facts) const;

    MatchConfig config_;
    KeyList api_keys_;
    KeyList plans_;
    std::vector<Matcher> none_of_;
};

}  // namespace weir::admission
