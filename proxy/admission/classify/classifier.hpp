#pragma once
// Identifies the caller and classifies its request: the first class in the policy's order whose conditions all hold.
//
// A class can be granted only by what can be verified: an API key (by its SHA-256), a certificate or a network. A plain
// header never raises a caller's priority by itself; `weir check` rejects policies in which it could. The body is
// equally under the caller's control, and the same rule applies to it.
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

// Classes that a request's head leaves possible and whose conditions on the body are still to be checked.
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

    // Whether X-Forwarded-For from this address is believed.
    [[nodiscard]] bool trusts(const IpAddress& address) const;

    // A caller at `source` that presented the key of that name; none for an unknown or empty name. For a policy's own
    // tests, which know the names of keys but never the keys.
    [[nodiscard]] Identity assume(const IpAddress& source, std::string_view key_name) const;

    // kNoClass only when no class matches, which a checked policy rules out. Where a class that depends on the body
    // comes first, `open` is filled, and the result is the class of the request if it turns out to have no body.
    [[nodiscard]] ClassId classify(const Identity& identity, const HeadFacts& head, OpenClasses& open) const;
    // The class once the body is known. REQUIRES: `open` was filled by this classifier.
    [[nodiscard]] ClassId resolve(const OpenClasses& open, const BodyFacts& body) const;
    // The class where the body cannot be read: the one of the worst priority among those still possible, the first of
    // several. REQUIRES: as above.
    [[nodiscard]] ClassId worst(const OpenClasses& open) const;
    // Head and body at once.
    [[nodiscard]] ClassId classify(const Identity& identity, const HeadFacts& head, const BodyFacts& body = {}) const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace weir::admission
