#pragma once
// Who is this, and which class is it? The first class in the policy's order whose every condition holds.
//
// A class can be granted only by what can be verified: the SHA-256 of an API key, or a network. A plain header never
// raises a standing by itself; `weir check` refuses policies in which it could. What the body says is the caller's word
// as well, and held to the same rule.
//
// Immutable after construction: threads share it without a lock.

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "admission/classify/facts.hpp"
#include "admission/config.hpp"
#include "admission/place.hpp"

namespace weir::admission {

// Classes that a request's head leaves possible and whose conditions on its body are still to be held against it.
class OpenClasses {
public:
    [[nodiscard]] bool empty() const { return entries_.empty(); }

private:
    friend class Classifier;
    struct Entry {
        std::uint32_t at = 0;     // in the policy's order
        bool excludable = false;  // its `not:` holds as far as the head goes
    };
    std::vector<Entry> entries_;
    ClassId otherwise_ = kNoClass;  // the first class that the head alone decides
};

class Classifier {
public:
    // `classes` in the policy's order with their ids; copies what it needs. `salt` keys the client hash.
    Classifier(const ClientsConfig& clients, std::span<const JudgeClass> classes, std::uint64_t salt);
    ~Classifier();
    Classifier(Classifier&&) noexcept;
    Classifier& operator=(Classifier&&) noexcept;

    // X-Forwarded-For is walked from the right for as long as the address to the right of it is a trusted proxy.
    [[nodiscard]] Identity identify(const Credentials& credentials) const;

    // Whether it may say on whose behalf it calls.
    [[nodiscard]] bool trusts(const IpAddress& address) const;

    // Somebody at `source` who has shown the key of that name; an unknown or empty name is nobody's. For a policy's own
    // tests, which know names of keys and never keys.
    [[nodiscard]] Identity assume(const IpAddress& source, std::string_view key_name) const;

    // kNoClass only when no class matches, which a checked policy rules out. Where a class that depends on the body
    // comes first, `open` is filled, and the answer is what the request gets if it turns out to have none.
    [[nodiscard]] ClassId classify(const Identity& identity, const HeadFacts& head, OpenClasses& open) const;
    // The class after all. REQUIRES: `open` was filled by this classifier.
    [[nodiscard]] ClassId resolve(const OpenClasses& open, const BodyFacts& body) const;
    // The class where what the body says cannot be known: of all that it may still lead to, the one of the worst
    // priority; of several the first. REQUIRES: as above.
    [[nodiscard]] ClassId worst(const OpenClasses& open) const;
    // Both at once.
    [[nodiscard]] ClassId classify(const Identity& identity, const HeadFacts& head, const BodyFacts& body = {}) const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace weir::admission
